// Which pages a role opens. The server decides again on every request; this only spares people dead ends.
import type { Me } from "../api/types";

export function mayWork(me: Me): boolean {
  return me.agent_id !== null && me.roles.includes("agent");
}

export function maySeeLive(me: Me): boolean {
  return me.roles.includes("supervisor") || me.roles.includes("operations");
}

/** Where a person starts: at work, else where the house is overlooked. */
export function landing(me: Me): "/desk" | "/live" {
  return mayWork(me) || !maySeeLive(me) ? "/desk" : "/live";
}
