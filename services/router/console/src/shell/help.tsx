// The keys, from the one table that the keyboard itself reads.
import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useText } from "../i18n/text";
import { Button } from "../parts/button";
import { KEYS, type KeyName, keyLabel } from "../parts/keys";

const GROUPS = ["everywhere", "desk", "live"] as const;
const NAMES = Object.keys(KEYS) as KeyName[];

export function Help({ open, onOpen }: { open: boolean; onOpen: (open: boolean) => void }) {
  const text = useText();
  return (
    <ModalOverlay isOpen={open} onOpenChange={onOpen} isDismissable className="overlay">
      <Modal className="modal">
        <Dialog className="dialog help">
          <Heading slot="title">{text("keys.title")}</Heading>
          <div className="help-groups">
            {GROUPS.map((group) => (
              <section key={group}>
                <h3>{text(`keys.group-${group}`)}</h3>
                <dl>
                  {NAMES.filter((name) => KEYS[name].group === group).map((name) => (
                    <div key={name}>
                      <dt>{text(KEYS[name].label)}</dt>
                      <dd>
                        <kbd>{keyLabel(name)}</kbd>
                      </dd>
                    </div>
                  ))}
                </dl>
              </section>
            ))}
          </div>
          <p className="meta">{text("keys.note")}</p>
          <div className="actions end">
            <Button tone="primary" act={() => onOpen(false)}>
              {text("action.close")}
            </Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
