/** A process that applies a plan under the lock and kills itself, as kill -9 would, at its n-th journal record. */
import {readFile} from 'node:fs/promises';
import {hostname} from 'node:os';

import {PLAN_KIND, type Plan} from '../../src/lib/allocation/index.js';
import {readArtifact} from '../../src/lib/core/index.js';
import {
  applyPlan,
  journalPath,
  knowPlan,
  LOCAL_ACCESS,
  openJournal,
  openTarget,
} from '../../src/lib/storage-apis/index.js';

const [planPath = '', targetName = '', killAt = ''] = process.argv.slice(2);
const known = knowPlan(await readArtifact<Plan>(planPath, PLAN_KIND), planPath);
const target = openTarget(targetName, LOCAL_ACCESS);
const atUs = Number(await readFile(`${planPath}.now`, 'utf8'));
const actor = {pid: process.pid, machine: hostname(), atUs, tool: 'foreshadow/test', newLineage: 'lineage'};
await target.lock(actor);
const journal = await openJournal(journalPath(target.journalFolder, known.sha256));
const suicidal = {
  records: journal.records,
  append: async (record: (typeof journal.records)[number]): Promise<void> => {
    await journal.append(record);
    if (journal.records.length === Number(killAt)) process.kill(process.pid, 'SIGKILL');
  },
};
await applyPlan(known, target, suicidal, {
  ...{nowUs: atUs, allowInfeasible: false, allowUnsafeShrink: false, useToleranceShare: 0.05, actor},
  ...{modes: new Map(), parallel: 1, retry: LOCAL_ACCESS.retry},
});
