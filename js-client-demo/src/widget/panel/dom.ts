/** What an element is to have; `on…` are listeners, `text` is never markup. */
type Wishes = { class?: string; text?: string; [name: string]: unknown };

/** Makes an element. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  { class: name, text, ...rest }: Wishes = {},
  ...inner: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(rest)) {
    if (key.includes('-')) made.setAttribute(key, String(value));
    else Object.assign(made, { [key]: value });
  }
  made.append(...inner);
  return made;
}

/** Draws an icon of lines, 24 by 24. */
export function icon(...lines: string[]): SVGElement {
  const drawing = svg('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' });
  drawing.append(...lines.map((d) => svg('path', { d })));
  return drawing;
}

function svg(tag: string, attributes: Record<string, string>): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag) as SVGElement;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
