import {z} from 'zod';

import type {ArtifactHeader} from '../core/index.js';
import type {Forecast, SeriesGroup} from '../forecasting/index.js';

const membersSchema = z.strictObject({
  kind: z.literal('foreshadow.kept-members'),
  version: z.literal(1),
  boundaries: z.array(
    z.strictObject({
      boundary: z.string(),
      /** Volumes that were summed, and how often each: its replicas inside. */
      members: z.array(z.tuple([z.string(), z.number()])),
    }),
  ),
});

/** How the members of boundaries that were foreseen are told and read (see core/artifact). */
export const KEPT_MEMBERS_KIND = {
  kind: 'foreshadow.kept-members',
  version: 1,
  schema: membersSchema,
} as const;

/** What the sums of a kept forecast are made of. */
export type KeptMembers = z.infer<typeof membersSchema>;

/** A forecast of a boundary, and what it is the sum of. */
export interface BoundaryForecast {
  readonly forecast: Forecast;
  readonly group: SeriesGroup;
}

/** The text of the file, which depends on nothing but the members. */
export function keptMembersText(groups: readonly SeriesGroup[]): string {
  const file: KeptMembers & Pick<ArtifactHeader, 'kind' | 'version'> = {
    ...{kind: 'foreshadow.kept-members', version: 1},
    boundaries: groups.map(({id, members}) => ({
      boundary: id,
      members: members.map((member): [string, number] => [member.id, member.weight]),
    })),
  };
  return `${JSON.stringify(file)}\n`;
}

/** The boundaries as groups, for `sumPanel`. */
export function groupsOf({boundaries}: KeptMembers): readonly SeriesGroup[] {
  return boundaries.map(({boundary, members}) => ({
    id: boundary,
    members: members.map(([id, weight]) => ({id, weight})),
  }));
}
