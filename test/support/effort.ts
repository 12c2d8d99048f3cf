/**
 * How many cases a property test tries: `fast` in `npm test`, which must stay quick, and `thorough`, the number that is
 * claimed, in `npm run test:thorough`, which runs every `*.property.test.ts`.
 */
export function effort(fast: number, thorough: number): number {
  return process.env.FORESHADOW_TEST_EFFORT === 'thorough' ? thorough : fast;
}
