// The right pane of the Desk: the decision behind the conversation in the centre.
import { useText } from "../i18n/text";
import { useRows } from "../live/live";
import { Button } from "./button";
import { useConversation } from "./item";
import { Loading } from "./states";
import { Why } from "./why";

/** An open offer names its decision; for an item in hand the work item does. */
export function WhyPane({ conversation: id, onClose }: { conversation: string; onClose: () => void }) {
  const text = useText();
  const { data, isPending } = useConversation(id);
  const offer = useRows("offer").find((row) => row.conversation_id === id && row.state === "open");
  const item = data?.work_item;
  const decisionId = offer?.decision_id ?? item?.decision_id;
  return (
    <aside className="pane why-pane" aria-labelledby="why-heading">
      <div className="pane-head">
        <h2 id="why-heading">{text("why.title")}</h2>
        <Button act={onClose} icon="cross" tone="quiet" label={text("action.close")}>
          {null}
        </Button>
      </div>
      {item && decisionId && <Why decisionId={decisionId} item={item} />}
      {!isPending && !(item && decisionId) && <p className="meta">{text("why.none")}</p>}
      {isPending && <Loading />}
    </aside>
  );
}
