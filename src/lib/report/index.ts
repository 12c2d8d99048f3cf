export type {AnomaliesDocument} from './documents/anomalies-document.js';
export {parseCommandDocument} from './documents/command-document.js';
export {EVALUATION_DOCUMENT} from './documents/evaluation-document.js';
export {MONITOR_DOCUMENT} from './documents/monitor-document.js';
export {PATTERNS_DOCUMENT, type PatternsDocument} from './documents/patterns-document.js';
export {REPLAY_DOCUMENT} from './documents/replay-document.js';
export type {PageParts} from './page-parts.js';
export {renderReport} from './render-report.js';
export type {ReportData, ScenarioCourses, ScenarioCut} from './report-data.js';
