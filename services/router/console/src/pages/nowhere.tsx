// Pages that are not there, or not for this person.
import type { Role } from "../api/types";
import { useText } from "../i18n/text";
import { useWords } from "../i18n/words";
import { Empty } from "../parts/states";

export function NoRight({ role }: { role: Role }) {
  const text = useText();
  const words = useWords();
  return (
    <div className="alone">
      <h1 className="unseen">{text("nowhere.no-right")}</h1>
      <Empty title={text("nowhere.no-right")}>
        <p>{text("nowhere.right", { role: words.of("role", role) })}</p>
      </Empty>
    </div>
  );
}

export function NoPage() {
  const text = useText();
  return (
    <div className="alone">
      <h1 className="unseen">{text("nowhere.no-page")}</h1>
      <Empty title={text("nowhere.no-page")}>
        <p>{text("nowhere.no-page-next")}</p>
      </Empty>
    </div>
  );
}
