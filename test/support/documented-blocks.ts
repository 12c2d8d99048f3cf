import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '..', '..');

/** A command of a fenced block, and the lines that stand below it: what it prints, or a part of that. */
export interface DocumentedCommand {
  readonly command: string;
  readonly printed: readonly string[];
}

/**
 * A fenced block of Markdown. Its first word says what it is: `console` (commands after `$ `, each with what it prints), `sh`
 * (commands), or neither, in which case nothing in it is a command. `no-run` after it: only looked at, since it
 * needs what a test does not have; `slow`: run by the thorough tests alone.
 */
export interface DocumentedBlock {
  /** `docs/store.md:9`. */
  readonly at: string;
  readonly language: string;
  readonly mark: '' | 'no-run' | 'slow';
  readonly text: string;
  readonly commands: readonly DocumentedCommand[];
}

/** README.md and all pages of docs, as paths from the root; docs/commands.md, which is made of the program, aside. */
export async function documentedPages(): Promise<readonly string[]> {
  const docs = (await readdir(path.join(ROOT, 'docs'))).filter((name) => name.endsWith('.md')).sort();
  return ['README.md', ...docs.filter((name) => name !== 'commands.md').map((name) => `docs/${name}`)];
}

/** The fenced blocks of a page, in their order. Throws when a mark is none of ours, or a fence is not closed. */
export async function blocksOf(page: string): Promise<readonly DocumentedBlock[]> {
  const lines = (await readFile(path.join(ROOT, page), 'utf8')).split('\n');
  const fences = lines.flatMap((line, index) => (line.startsWith('```') ? [index] : []));
  if (fences.length % 2 === 1) throw new Error(`${page}: a block is not closed`);
  return fences.flatMap((begin, place) => {
    if (place % 2 === 1) return [];
    const [language = '', mark = ''] = (lines[begin] ?? '').slice(3).trim().split(/\s+/);
    if (mark !== '' && mark !== 'no-run' && mark !== 'slow')
      throw new Error(`${page}:${begin + 1}: no such mark: ${mark}`);
    const text = lines.slice(begin + 1, fences[place + 1]).join('\n');
    return [{at: `${page}:${begin + 1}`, language, mark, text, commands: commandsOf(language, text)}];
  });
}

function commandsOf(language: string, text: string): readonly DocumentedCommand[] {
  if (language !== 'sh' && language !== 'console') return [];
  const prompt = language === 'console' ? '$ ' : '';
  const commands: {command: string; printed: string[]}[] = [];
  for (const line of text.replaceAll('\\\n', ' ').split('\n')) {
    if (line.startsWith(prompt) && !/^\s*(#|$)/.test(line))
      commands.push({command: line.slice(prompt.length), printed: []});
    else if (prompt !== '' && line.trim() !== '') commands.at(-1)?.printed.push(line.trimEnd());
  }
  return commands;
}
