/** A checked set of rules. */
export interface Model {
  version: number;
}

export type ModelRefusal =
  | 'model_too_large'
  | 'model_invalid'
  | 'model_feature_unknown'
  | 'model_outdated';

/** Checks bytes whose signature holds. Never throws. */
export function parseModel(
  _bytes: Uint8Array,
  _newerThan: number,
): { ok: true; model: Model } | { ok: false; code: ModelRefusal; message: string } {
  return { ok: false, code: 'model_invalid', message: 'to come' };
}
