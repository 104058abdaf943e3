// My presence as the server knows it, and the wish that is on its way there.
import { useMutation } from "@tanstack/react-query";
import { setPresence } from "../api/commands";
import type { PresenceState } from "../api/types";
import { useText } from "../i18n/text";
import { useRows } from "../live/live";
import { notify } from "./notices";

export function usePresence() {
  const text = useText();
  const known = useRows("presence")[0];
  const wish = useMutation({
    mutationFn: (state: PresenceState) => setPresence(state),
    onError: (_error, state) => {
      notify(text("failed.presence"), { label: text("failed.again"), act: () => wish.mutate(state) });
    },
  });
  const state = wish.isPending ? wish.variables : known?.state;
  return { state, set: (next: PresenceState) => wish.mutate(next) };
}
