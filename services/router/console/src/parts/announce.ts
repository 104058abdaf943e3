// The two live regions of the page. Whoever speaks, speaks once.

export type Manner = "polite" | "assertive";

/** Says a sentence to screen readers; the same sentence twice is said twice. */
export function announce(sentence: string, manner: Manner = "polite"): void {
  const region = document.getElementById(`say-${manner}`);
  if (!region) return;
  const line = document.createElement("div");
  line.textContent = sentence;
  region.replaceChildren(line);
}
