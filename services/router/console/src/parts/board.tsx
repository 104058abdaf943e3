// A live table: real rows and headers, sortable by its columns, still while frozen.
import { memo, type ReactNode } from "react";
import { Icon } from "./icons";

export interface Column<R> {
  id: string;
  title: string;
  figure?: boolean;
  cell: (row: R) => ReactNode;
  /** Smaller comes first. */
  order: (a: R, b: R) => number;
}

interface Props<R> {
  caption: string;
  /** Kept between drawings: rows that did not change are not drawn again. */
  columns: readonly Column<R>[];
  rows: readonly R[];
  sort: string;
  onSort: (column: string) => void;
}

function Cells<R>({ row, columns }: { row: R; columns: readonly Column<R>[] }) {
  return (
    <tr>
      {columns.map(({ id, figure, cell }, index) =>
        index === 0 ? (
          <th key={id} scope="row">
            {cell(row)}
          </th>
        ) : (
          <td key={id} className={figure ? "figure" : undefined}>
            {cell(row)}
          </td>
        ),
      )}
    </tr>
  );
}

const BoardRow = memo(Cells) as typeof Cells;

/** `-waiting` sorts by the column `waiting`, largest first. */
export function sorted<R>(rows: readonly R[], columns: readonly Column<R>[], sort: string): R[] {
  const down = sort.startsWith("-");
  const column = columns.find(({ id }) => id === sort.replace(/^-/, ""));
  if (!column) return [...rows];
  return [...rows].sort((a, b) => (down ? -1 : 1) * column.order(a, b));
}

export function Board<R extends { id: string }>({ caption, columns, rows, sort, onSort }: Props<R>) {
  const active = sort.replace(/^-/, "");
  const down = sort.startsWith("-");
  return (
    <div className="board-scroll" role="region" aria-label={caption} tabIndex={0}>
      <table className="board">
        <thead>
          <tr>
            {columns.map(({ id, title, figure }) => (
              <th
                key={id}
                scope="col"
                className={figure ? "figure" : undefined}
                aria-sort={id === active ? (down ? "descending" : "ascending") : undefined}
              >
                <button type="button" className="sort" onClick={() => onSort(id === active && !down ? `-${id}` : id)}>
                  {title}
                  {id === active && <Icon name={down ? "down" : "up"} />}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted(rows, columns, sort).map((row) => (
            <BoardRow key={row.id} row={row} columns={columns} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
