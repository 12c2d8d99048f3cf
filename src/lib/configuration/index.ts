export type {CommandShape, FlagShape} from './command-shape.js';
export {
  CONFIG_FILE,
  type ConfigFile,
  type ConfigSource,
  parseConfigFile,
  readConfigFile,
} from './config-file.js';
export {configSchema} from './config-schema.js';
export {argumentsFromSettings, argumentsOfEntries} from './resolve-settings.js';
export {configText, type FoundData, type FoundTraces} from './config-text.js';
export {type ConfigReport, describeConfig} from './describe-config.js';
