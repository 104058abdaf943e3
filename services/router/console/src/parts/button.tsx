// The console's buttons: a shortcut is shown and told, a busy one keeps the focus and takes no second click.
import type { ReactNode } from "react";
import { Icon, type IconName } from "./icons";
import { ariaKeys, type KeyName, keyLabel } from "./keys";
import { singleKeysOn } from "./settings";

export function Key({ name }: { name: KeyName }) {
  if (!singleKeysOn()) return null;
  return <kbd aria-hidden="true">{keyLabel(name)}</kbd>;
}

interface Props {
  children: ReactNode;
  act?: () => void;
  tone?: "primary" | "plain" | "quiet";
  icon?: IconName;
  shortcut?: KeyName;
  busy?: boolean;
  /** Not possible now; the button stays reachable so that its describedBy can say why. */
  off?: boolean;
  pressed?: boolean;
  submits?: boolean;
  label?: string;
  describedBy?: string;
}

export function Button({ children, act, tone = "plain", icon, shortcut, ...state }: Props) {
  const idle = !state.busy && !state.off;
  return (
    <button
      type={state.submits ? "submit" : "button"}
      className={`button ${tone}`}
      aria-busy={state.busy || undefined}
      aria-disabled={!idle || undefined}
      aria-pressed={state.pressed}
      aria-label={state.label}
      aria-describedby={state.describedBy}
      aria-keyshortcuts={shortcut && ariaKeys(shortcut)}
      onClick={(event) => {
        if (idle) act?.();
        else event.preventDefault();
      }}
    >
      {icon && <Icon name={icon} />}
      <span>{children}</span>
      {shortcut && <Key name={shortcut} />}
    </button>
  );
}
