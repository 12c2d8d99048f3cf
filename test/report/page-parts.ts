import {readFileSync} from 'node:fs';
import path from 'node:path';

import type {PageParts} from '../../src/lib/report/index.js';

const FOLDER = path.join(import.meta.dirname, '..', '..', 'report-page');

/** Style and script as the package has them. */
export const PAGE_PARTS: PageParts = {
  style: readFileSync(path.join(FOLDER, 'report.css'), 'utf8'),
  script: readFileSync(path.join(FOLDER, 'report.js'), 'utf8'),
};
