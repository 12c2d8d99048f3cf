export * from './access.js';
export * from './apply-plan.js';
export * from './check-drift.js';
export {
  type HttpAnswer,
  type HttpClient,
  httpClient,
  type HttpRequest,
  parseBaseUrl,
} from './http/http-client.js';
export {HttpRefusal} from './http/http-refusal.js';
export * from './journal.js';
export * from './last-changes.js';
export {type MakeOptions, type RetryRules} from './make-changes.js';
export * from './open-target-error.js';
export * from './registry.js';
export * from './release.js';
export * from './render-state.js';
export * from './roll-back.js';
export {redact, type Secret, sealSecret} from './secret.js';
export * from './target-change.js';
export * from './target.js';
export {type BoundaryMode} from './withhold.js';
