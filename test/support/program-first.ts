import {BaseSequencer, type TestSpecification} from 'vitest/node';

/**
 * Begins with the tests that start the built program. Where vitest knows no times, as in CI, it begins with large files;
 * these are small and slow, and the last of them would run alone on one core.
 */
export class ProgramFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isProgram = ({moduleId}: TestSpecification): boolean => moduleId.includes('/test/cli/');
    return [...sorted.filter(isProgram), ...sorted.filter((file) => !isProgram(file))];
  }
}
