/**
 * A process that applies a plan under the lock and kills itself, as kill -9 would, at its n-th journal record. Where the
 * target needs more than its name, the environment tells it as the command's would.
 */
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
  sealSecret,
  type TargetAccess,
} from '../../src/lib/storage-apis/index.js';

const [planPath = '', targetName = '', killAt = ''] = process.argv.slice(2);
const known = knowPlan(await readArtifact<Plan>(planPath, PLAN_KIND), planPath);
const {FORESHADOW_TARGET_USER, FORESHADOW_TARGET_PASSWORD = '', FORESHADOW_TARGET_TOKEN} = process.env;
const access: TargetAccess = {
  ...LOCAL_ACCESS,
  stateFolder: process.env['FORESHADOW_STATE'] ?? LOCAL_ACCESS.stateFolder,
  credentials: {
    user: FORESHADOW_TARGET_USER,
    password: sealSecret(FORESHADOW_TARGET_PASSWORD),
    token: FORESHADOW_TARGET_TOKEN === undefined ? undefined : sealSecret(FORESHADOW_TARGET_TOKEN),
  },
};
const target = openTarget(targetName, access);
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
