import { type Model, parseModel } from '../model.ts';
import { shippedRules } from './rules.ts';

/** The rules that come with this script, and are trusted as it is. */
export function shippedModel(): Model {
  const parsed = parseModel(shippedRules, 0);
  if (!parsed.ok) throw new Error(`the shipped rules: ${parsed.code}`);
  return parsed.model;
}
