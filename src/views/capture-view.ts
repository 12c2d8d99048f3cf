import type {CaptureResult} from '../lib/workflows/capture.js';
import {renderIngest} from './ingest-view.js';

/** What was captured, and what was lost. */
export async function renderCapture(result: CaptureResult): Promise<string> {
  const {interceptor, lostEvents, totals} = result;
  const lost =
    lostEvents === 0
      ? []
      : [
          `${interceptor} lost ${lostEvents} events: requests and bytes are too small by them, and the footprint may be`,
        ];
  if (totals.rows + totals.rejectedRows === 0) return ['no request was seen', ...lost].join('\n');
  return [await renderIngest(result), ...lost].join('\n');
}
