import {Flags} from '@oclif/core';
import {fileURLToPath} from 'node:url';

import {BaseCommand} from '../base-command.js';
import {tellStoreAccess} from '../store-access.js';
import type {DemoOutcome, DemoSettings} from '../lib/workflows/demo-story.js';

/** Lies in the package, at the same place beside dist and src. */
const RECORDED_TRACE = new URL('../../fixtures/demo/fio-nbdkit.log.gz', import.meta.url);

/** `foreshadow demo` */
export default class Demo extends BaseCommand<typeof Demo> {
  static override summary = 'Run the main job on made and recorded data, from traces to applied buffers';
  static override description = `Shows each step with the command that does the same. Needs no server and changes nothing outside its own folder, which is
removed at the end unless --keep names it. Takes about a minute.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --keep demo',
  ];
  static override flags = {
    store: Flags.string({
      summary: 'an empty store in ClickHouse, instead of one in the folder (store init makes it)',
      helpValue: 'URL',
      parse: tellStoreAccess,
    }),
    keep: Flags.string({summary: 'work in this folder, and leave it there', helpValue: 'DIR'}),
  };

  async run(): Promise<DemoOutcome & {readonly seconds: number}> {
    const startedMs = performance.now();
    const [files, {tmpdir}, path] = await Promise.all([
      import('node:fs/promises'),
      import('node:os'),
      import('node:path'),
    ]);
    const {DEMO_SETTINGS} = await import('../lib/workflows/demo-story.js');
    const {keep} = this.flags;
    const folder = keep ?? (await files.mkdtemp(path.join(tmpdir(), 'foreshadow-demo-')));
    try {
      const outcome = await this.tell(folder, keep ?? 'demo', DEMO_SETTINGS);
      const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
      this.note(`\n${seconds} s${keep === undefined ? '' : `; everything is in ${keep}`}`);
      return {...outcome, seconds};
    } finally {
      if (keep === undefined) await files.rm(folder, {recursive: true, force: true});
    }
  }

  private async tell(folder: string, label: string, settings: DemoSettings): Promise<DemoOutcome> {
    const {runDemo} = await import('../lib/workflows/demo.js');
    const {renderBegin, renderOutcome, renderStep} = await import('../views/demo-view.js');
    const [{randomUUID}, {hostname}] = await Promise.all([import('node:crypto'), import('node:os')]);
    const progress = await this.progress('demo');
    let number = 0;
    const outcome = await runDemo({
      ...{folder, label, settings, store: this.flags.store, tool: this.tool, signal: this.signal},
      recordedTrace: fileURLToPath(RECORDED_TRACE),
      actor: {pid: process.pid, machine: hostname(), newLineage: randomUUID()},
      onBegin: (step) => {
        number += 1;
        this.print(renderBegin(step, number));
      },
      onEnd: async (step) => {
        this.print(await renderStep(step, folder, label));
      },
      onProgress: (text) => {
        progress.update(text);
      },
    }).finally(() => {
      progress.stop();
    });
    this.print(await renderOutcome(outcome));
    return outcome;
  }
}
