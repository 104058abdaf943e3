// The chat widget: <script src="…/chat/widget.js" data-site="shop"></script>. No framework, no inline style or markup:
// it runs under a strict Content-Security-Policy. data-open shows it at once, data-language names the customer's language,
// data-name the customer. Everything lives in an open shadow root, so that neither page nor widget changes the other.
(() => {
  "use strict";
  const script = document.currentScript;
  const options = script.dataset;
  const base = new URL(script.src);
  const KEY = `inquiry-chat:${options.site}`;
  const WORDS = {
    en: ["Chat with us", "Your message", "Send", "Close", "You", "Connecting …", "The chat has ended.", "Not sent yet, trying again …"],
    de: ["Chatten Sie mit uns", "Ihre Nachricht", "Senden", "Schließen", "Sie", "Verbinde …", "Der Chat ist beendet.", "Noch nicht gesendet, neuer Versuch …"],
    sv: ["Chatta med oss", "Ditt meddelande", "Skicka", "Stäng", "Du", "Ansluter …", "Chatten är avslutad.", "Inte skickat än, försöker igen …"],
    da: ["Chat med os", "Din besked", "Send", "Luk", "Dig", "Forbinder …", "Chatten er afsluttet.", "Ikke sendt endnu, prøver igen …"],
    pl: ["Porozmawiaj z nami", "Twoja wiadomość", "Wyślij", "Zamknij", "Ty", "Łączenie …", "Czat został zakończony.", "Jeszcze nie wysłano, próbuję ponownie …"],
    lv: ["Sarunājieties ar mums", "Jūsu ziņa", "Sūtīt", "Aizvērt", "Jūs", "Savienojas …", "Saruna ir beigusies.", "Vēl nav nosūtīts, mēģinu vēlreiz …"],
  };
  const wanted = (options.language || document.documentElement.lang || navigator.language || "en").slice(0, 2);
  const language = WORDS[wanted] ? wanted : "en";
  const [title, label, send, close, you, connecting, ended, unsent] = WORDS[language];

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { position: fixed; right: 1rem; bottom: 1rem; z-index: 2147483000; font: 16px/1.4 system-ui, sans-serif; color-scheme: light dark;
      --back: #fff; --text: #1a1a1a; --line: #767676; --main: #1d4ed8; --mine: #e3ecff; --theirs: #f1f1f1; }
    @media (prefers-color-scheme: dark) { :host { --back: #1b1d21; --text: #f2f2f2; --line: #8d8d8d; --main: #2563eb; --mine: #22345c; --theirs: #2c2f35; } }
    * { box-sizing: border-box; font: inherit; } [hidden] { display: none !important; }
    button { background: var(--main); color: #fff; border: 0; border-radius: .5rem; padding: .5rem .9rem; cursor: pointer; }
    :focus-visible { outline: 3px solid var(--main); outline-offset: 2px; }
    section { width: min(22rem, calc(100vw - 2rem)); background: var(--back); color: var(--text); border: 1px solid var(--line); border-radius: .75rem; overflow: hidden; }
    header, form { display: flex; gap: .5rem; padding: .6rem; align-items: center; } h2 { flex: 1; margin: 0; font-weight: 600; }
    ol { list-style: none; margin: 0; padding: .6rem; height: 16rem; overflow-y: auto; }
    li { margin: 0 0 .5rem; padding: .4rem .6rem; border-radius: .5rem; background: var(--theirs); overflow-wrap: anywhere; white-space: pre-wrap; }
    li.mine { background: var(--mine); margin-left: 2rem; } li b { display: block; font-size: .8rem; } li.unsent { opacity: .7; }
    p { margin: 0; padding: 0 .6rem; min-height: 1.4em; font-size: .85rem; }
    textarea { flex: 1; resize: none; background: var(--back); color: var(--text); border: 1px solid var(--line); border-radius: .5rem; padding: .4rem; }`);

  const element = (tag, properties = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  };
  const host = element("div", { lang: language });
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  const log = element("ol", { tabIndex: 0 });
  log.setAttribute("role", "log");
  log.setAttribute("aria-label", title);
  const status = element("p");
  status.setAttribute("role", "status");
  const box = element("textarea", { rows: 2, maxLength: 4000, placeholder: label });
  box.setAttribute("aria-label", label);
  const form = element("form", {}, box, element("button", { textContent: send }));
  const shut = element("button", { type: "button", textContent: "×", title: close });
  shut.setAttribute("aria-label", close);
  const panel = element("section", { hidden: true }, element("header", {}, element("h2", { textContent: title }), shut), log, status, form);
  panel.setAttribute("aria-label", title);
  const launcher = element("button", { type: "button", textContent: title });
  root.append(panel, launcher);

  const waiting = new Map();  // client_id → {text, item}: sent until acknowledged, however often that takes
  let socket, token, lastSeq = 0, delay = 500, retry;
  const store = { get: () => { try { return JSON.parse(sessionStorage.getItem(KEY)); } catch { return null; } },
    set: (value) => { try { sessionStorage.setItem(KEY, JSON.stringify(value)); } catch { /* a page without storage starts anew */ } } };
  const say = (frame) => socket?.readyState === WebSocket.OPEN && socket.send(JSON.stringify(frame));
  const remember = (seq) => { lastSeq = Math.max(lastSeq, seq || 0); store.set({ token, lastSeq }); };
  const show = (name, text, mine) => {
    const item = element("li", { className: mine ? "mine unsent" : "" }, element("b", { textContent: name }), text);
    log.append(item);
    item.scrollIntoView({ block: "nearest" });
    return item;
  };
  const flush = () => { for (const [client_id, { text }] of waiting) say({ type: "send", client_id, text }); };
  const later = () => { clearTimeout(retry); retry = setTimeout(() => { if (token) flush(); else begin(); }, 1500); };
  const begin = () => token ? say({ type: "resume", token, last_seq: lastSeq })
    : say({ type: "start", name: options.name || null, language: options.language || null });

  const hear = {
    started: (frame) => { token = frame.token; lastSeq = 0; remember(0); flush(); },
    resumed: (frame) => { token = frame.token || token; remember(0); flush(); },
    ack: (frame) => {
      waiting.get(frame.client_id)?.item.classList.remove("unsent");
      waiting.delete(frame.client_id);
      remember(frame.seq);
    },
    message: (frame) => { if (frame.seq > lastSeq) { show(frame.name || "", frame.text); remember(frame.seq); } },
    ended: (frame) => { status.textContent = ended; remember(frame.seq); },
    error: (frame) => { if (frame.code !== "invalid") { status.textContent = unsent; later(); } else waiting.delete(frame.client_id); },
  };
  function connect() {
    const url = new URL(`/api/v1/chat?site=${encodeURIComponent(options.site)}`, base);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    status.textContent = connecting;
    socket = new WebSocket(url);
    socket.onopen = () => { delay = 500; status.textContent = ""; begin(); };
    socket.onmessage = (event) => {
      const frame = JSON.parse(event.data);
      if (frame.type === "ack" || frame.type === "message") status.textContent = "";
      hear[frame.type]?.(frame);
    };
    socket.onclose = (event) => {
      if (event.code === 1008) { token = undefined; store.set(null); }  // the session is over: the next start is a new one
      status.textContent = connecting;
      setTimeout(connect, delay * (1 + Math.random()));
      delay = Math.min(delay * 2, 30000);
    };
  }
  const open = () => {
    panel.hidden = false; launcher.hidden = true;
    if (!socket) { ({ token, lastSeq = 0 } = store.get() || {}); connect(); }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = box.value.trim();
    if (!text) return;
    const client_id = crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`;
    waiting.set(client_id, { text, item: show(you, text, true) });
    box.value = "";
    if (token) say({ type: "send", client_id, text });
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
    if (event.key === "Escape") shut.click();
  });
  launcher.addEventListener("click", () => { open(); box.focus(); });
  shut.addEventListener("click", () => { panel.hidden = true; launcher.hidden = false; launcher.focus(); });
  document.body.append(host);
  if ("open" in options) open();
})();
