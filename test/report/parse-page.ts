import {type DefaultTreeAdapterTypes, parse} from 'parse5';

/** An element as a browser would have it. */
export interface PageElement {
  readonly tag: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Its text and that of all within. */
  readonly text: string;
  readonly children: readonly PageElement[];
}

/** All elements of a page in the order of the document, parsed as the HTML standard says. */
export function parsePage(html: string): readonly PageElement[] {
  return parse(html).childNodes.flatMap(elementsOf).flatMap(withDescendants);
}

/** Those with an attribute, or with a value of it. */
export function having(
  elements: readonly PageElement[],
  name: string,
  value?: string,
): readonly PageElement[] {
  return elements.filter(({attributes}) =>
    value === undefined ? attributes.has(name) : attributes.get(name) === value,
  );
}

export function withDescendants(element: PageElement): readonly PageElement[] {
  return [element, ...element.children.flatMap(withDescendants)];
}

function elementsOf(node: DefaultTreeAdapterTypes.ChildNode): readonly PageElement[] {
  if (!('tagName' in node)) return [];
  return [
    {
      tag: node.tagName,
      attributes: new Map(node.attrs.map(({name, value}) => [name, value])),
      text: node.childNodes.map(textOf).join(''),
      children: node.childNodes.flatMap(elementsOf),
    },
  ];
}

function textOf(node: DefaultTreeAdapterTypes.ChildNode): string {
  if ('value' in node) return node.value;
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
}
