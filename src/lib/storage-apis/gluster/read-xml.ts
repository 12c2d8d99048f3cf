/** One element of an XML text. Attributes are not kept: nothing that is read here is in one. */
export interface XmlElement {
  readonly name: string;
  /** Its own text, without that of its children, trimmed. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

interface OpenElement {
  readonly name: string;
  text: string;
  readonly children: XmlElement[];
}

const TOKEN =
  /<\?xml[^>]*\?>|<\/(?<closed>[\w.-]+)\s*>|<(?<opened>[\w.-]+)(?:\s+[\w.:-]+="[^"<]*")*\s*(?<empty>\/?)>|(?<text>[^<]+)/y;
const ENTITIES = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

/**
 * The root of an XML text of elements, attributes and text, which is what the gluster CLI writes; no comments, CDATA or
 * document types. Throws Error that says at which character a text is something else, or ends in the middle.
 */
export function readXml(source: string): XmlElement {
  const top: OpenElement = {name: '', text: '', children: []};
  const open = [top];
  let at = 0;
  while (at < source.length) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(source);
    if (found === null) throw new Error(`not XML at character ${at}`);
    take(found.groups ?? {}, open, at);
    at = TOKEN.lastIndex;
  }
  const [root, ...more] = top.children;
  if (open.length > 1 || root === undefined) throw new Error('the XML ends in the middle');
  if (more.length > 0 || top.text.trim() !== '') throw new Error('the XML has more than one root');
  return root;
}

/** The first child of this name. */
export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

/** All children of this name. */
export function childrenOf(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

function take(
  {closed, opened, empty, text}: Readonly<Record<string, string | undefined>>,
  open: OpenElement[],
  at: number,
): void {
  const inner = open.at(-1);
  if (inner === undefined) return;
  if (text !== undefined) inner.text += decode(text, at);
  else if (opened !== undefined) {
    const element = {name: opened, text: '', children: []};
    if (empty === '/') inner.children.push(element);
    else open.push(element);
  } else if (closed !== undefined) {
    if (open.length < 2 || closed !== inner.name) throw new Error(`not XML at character ${at}`);
    open.pop();
    open.at(-1)?.children.push({...inner, text: inner.text.trim()});
  }
}

function decode(text: string, at: number): string {
  return text.replace(/&([^;\s]*);?/g, (entity, name: string) => {
    const [, hex, decimal] = /^#(?:x([\da-f]{1,6})|(\d{1,7}))$/i.exec(name) ?? [];
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    const plain = code <= 0x10_ff_ff ? String.fromCodePoint(code) : ENTITIES.get(name);
    if (plain === undefined || !entity.endsWith(';')) throw new Error(`unknown entity near character ${at}`);
    return plain;
  });
}
