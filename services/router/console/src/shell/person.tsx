// Me: language, theme, single keys, and the way out.
import { useState } from "react";
import {
  Button,
  Header,
  Menu,
  MenuItem,
  MenuSection,
  MenuTrigger,
  Popover,
  type Selection,
} from "react-aria-components";
import { useIntl } from "react-intl";
import { NoAnswer } from "../api/client";
import { signOut } from "../api/commands";
import type { Me } from "../api/types";
import { LANGUAGES, type Language, ownName } from "../i18n/catalogue";
import { useLanguage, useText } from "../i18n/text";
import { useWords } from "../i18n/words";
import { Icon } from "../parts/icons";
import { notify } from "../parts/notices";
import { setSingleKeys, setTheme, singleKeysOn, THEMES, type Theme, theme } from "../parts/settings";

interface Props {
  me: Me;
  onSignedOut: () => void;
}

function only<T>(selection: Selection): T | undefined {
  return selection === "all" ? undefined : ([...selection][0] as T | undefined);
}

/** The entries of a section; React Aria wants them as its own children, so this is no component. */
function choices(ids: readonly string[], label: (id: string) => string) {
  return ids.map((id) => (
    <MenuItem key={id} id={id} textValue={label(id)} className="menu-item">
      {({ isSelected }) => (
        <>
          <span>{label(id)}</span>
          {isSelected && <Icon name="check" />}
        </>
      )}
    </MenuItem>
  ));
}

export function Person({ me, onSignedOut }: Props) {
  const text = useText();
  const words = useWords();
  const intl = useIntl();
  const roles = me.roles.map((role) => words.of("role", role));
  const { language, choose } = useLanguage();
  const [chosenTheme, setChosenTheme] = useState(theme);
  const [keys, setKeys] = useState(singleKeysOn);

  async function leave(): Promise<void> {
    try {
      await signOut();
      onSignedOut();
    } catch (error) {
      if (!(error instanceof NoAnswer)) return onSignedOut();
      notify(text("failed.no-answer"), { label: text("failed.again"), act: () => void leave() });
    }
  }
  function pickTheme(selection: Selection): void {
    const next = only<Theme>(selection) ?? chosenTheme;
    setTheme(next);
    setChosenTheme(next);
  }
  function pickKeys(selection: Selection): void {
    const on = only(selection) === "keys";
    setSingleKeys(on);
    setKeys(on);
  }

  return (
    <MenuTrigger>
      <Button className="button quiet person" aria-label={text("settings.of", { name: me.name })}>
        <span className="initials" aria-hidden="true">
          {initials(me.name)}
        </span>
        <span className="person-name">{me.name}</span>
        <Icon name="down" />
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu className="menu" onAction={(key) => key === "leave" && void leave()}>
          <MenuSection
            selectionMode="single"
            disallowEmptySelection
            selectedKeys={[language]}
            onSelectionChange={(selection) => choose(only<Language>(selection) ?? language)}
          >
            <Header className="menu-head">{text("settings.language")}</Header>
            {choices(LANGUAGES, (id) => ownName(id as Language))}
          </MenuSection>
          <MenuSection
            selectionMode="single"
            disallowEmptySelection
            selectedKeys={[chosenTheme]}
            onSelectionChange={pickTheme}
          >
            <Header className="menu-head">{text("settings.theme")}</Header>
            {choices(THEMES, (id) => text(`theme.${id as Theme}`))}
          </MenuSection>
          <MenuSection
            selectionMode="multiple"
            selectedKeys={keys ? ["keys"] : []}
            onSelectionChange={pickKeys}
          >
            <Header className="menu-head">{text("settings.keyboard")}</Header>
            {choices(["keys"], () => text("settings.single-keys"))}
          </MenuSection>
          <MenuSection>
            <Header className="menu-head">
              {text("settings.signed-in", { name: me.name, role: intl.formatList(roles, { type: "unit" }) })}
            </Header>
            <MenuItem id="leave" className="menu-item">
              {text("settings.sign-out")}
            </MenuItem>
          </MenuSection>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  return [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => word?.charAt(0) ?? "").join("");
}
