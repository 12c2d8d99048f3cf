import {z} from 'zod';

import {
  type ArtifactHeader,
  artifactText,
  formatInstantUs,
  parseArtifact,
  parseInstantUs,
  readText,
} from '../core/index.js';
import {METRICS} from '../shadow-store/index.js';
import type {HistoryFiles} from './history-files.js';
import type {GroupVerdict, Replacement} from './judge-group.js';
import {groupName, type MonitoredGroup} from './kept-forecast.js';

const model = z.strictObject({model: z.string(), modelSha256: z.string()});

const verdictSchema = z.strictObject({
  kind: z.literal('foreshadow.monitor-verdict'),
  version: z.literal(1),
  tool: z.string(),
  createdAt: z.iso.datetime(),
  granularity: z.enum(['hourly', 'daily', 'weekly']),
  metric: z.enum(METRICS),
  champion: model.nullable(),
  drift: z.enum(['too-early', 'none', 'drift', 'retrained']),
  /** End of the night that raised the alarm which is open. */
  alarmAt: z.iso.datetime().optional(),
  action: z.enum(['replace', 'retrain', 'recalibrate', 'nothing']),
  /** The levels to ask for, to have these kept. */
  levels: z.array(z.strictObject({level: z.number(), ask: z.number()})),
  /** The newest last. */
  replacements: z.array(
    z.strictObject({
      at: z.iso.datetime(),
      from: model,
      to: model,
      pairedNights: z.int(),
      wonNights: z.int(),
      lossRatio: z.number(),
    }),
  ),
});

/** How the verdict on a group is told and read (see core/artifact). */
export const MONITOR_VERDICT_KIND = {
  kind: 'foreshadow.monitor-verdict',
  version: 1,
  schema: verdictSchema,
} as const;

/** The last verdict on a group as a file: what other commands go by. */
export type MonitorVerdictFile = z.infer<typeof verdictSchema> & ArtifactHeader;

/** Undefined where nothing was judged yet. Throws InputError when the file is not what `writeVerdict` wrote. */
export async function readVerdict(
  files: HistoryFiles,
  group: MonitoredGroup,
): Promise<MonitorVerdictFile | undefined> {
  const name = `${groupName(group)}.json`;
  if (!files.has('verdicts', name)) return undefined;
  const path = files.pathOf('verdicts', name);
  return parseArtifact<MonitorVerdictFile>(await readText(path), path, MONITOR_VERDICT_KIND);
}

/** The replacements that a verdict tells, which later ones are added to. */
export function replacementsOf(file: MonitorVerdictFile | undefined): readonly Replacement[] {
  return (file?.replacements ?? []).map(({at, ...rest}) => ({
    ...rest,
    atUs: parseInstantUs(at) ?? Number.NaN,
  }));
}

/** Writes the verdict on a group, unless the one that is there says the same. */
export async function writeVerdict(
  files: HistoryFiles,
  verdict: GroupVerdict,
  made: Pick<ArtifactHeader, 'tool' | 'createdAt'>,
): Promise<void> {
  const {granularity, metric, champion, drift, action, levels, replacements} = verdict;
  const file: MonitorVerdictFile = {
    ...{kind: 'foreshadow.monitor-verdict', version: 1, ...made, granularity, metric, champion},
    drift: drift.verdict,
    ...(drift.alarmAtUs !== undefined && {alarmAt: formatInstantUs(drift.alarmAtUs)}),
    action,
    levels: levels.levels.map(({level, ask}) => ({level, ask})),
    replacements: replacements.map(({atUs, from, to, pairedNights, wonNights, lossRatio}) => ({
      ...{at: formatInstantUs(atUs), from: {...from}, to: {...to}, pairedNights, wonNights, lossRatio},
    })),
  };
  const there = await readVerdict(files, verdict);
  const {tool, createdAt} = made;
  if (there && artifactText(withHead(there, tool, createdAt)) === artifactText(file)) return;
  await files.write('verdicts', `${groupName(verdict)}.json`, artifactText(file));
}

function withHead(file: MonitorVerdictFile, tool: string, createdAt: string): MonitorVerdictFile {
  return {...file, tool, createdAt};
}
