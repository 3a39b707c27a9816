/**
 * Stands in for `valibot` in a page: the same schemas accept, refuse and copy the same values. A refusal is one issue
 * with the path to the fault; what was expected there is not said.
 */
interface PathItem {
  key: string | number;
}

/** Gives the checked copy, or undefined after putting the way to the fault into `path`: JSON knows no undefined. */
interface Schema {
  read(input: unknown, path: PathItem[]): unknown;
  /** What an object may lack. */
  isOptional?: boolean;
  literal?: unknown;
  entries?: Record<string, Schema>;
}

type Rule = (value: never) => boolean;

const accepting = (accepts: (input: unknown) => boolean): Schema => ({
  read: (input) => (accepts(input) ? input : undefined),
});

const scalar = (type: string) => () =>
  accepting((input) => typeof input === type && !Number.isNaN(input));

export const string = scalar('string');
export const number = scalar('number');
export const boolean = scalar('boolean');

export const instance = (type: new () => object) => accepting((input) => input instanceof type);

export const literal = (value: unknown): Schema => ({
  ...accepting((input) => input === value),
  literal: value,
});
const nothing = () => literal(null);

export { nothing as null };
export const picklist = (options: readonly unknown[]) =>
  accepting((input) => options.includes(input));

export const optional = (schema: Schema): Schema => ({ ...schema, isOptional: true });
export const nullable = (schema: Schema) => union([nothing(), schema]);

export const union = (schemas: readonly Schema[]): Schema => ({
  read(input) {
    for (const schema of schemas) {
      const output = schema.read(input, []);
      if (output !== undefined) return output;
    }
    return undefined;
  },
});

export const pipe = (schema: Schema, ...rules: Rule[]): Schema => ({
  read(input, path) {
    const output = schema.read(input, path);
    return output !== undefined && rules.every((holds) => holds(output as never))
      ? output
      : undefined;
  },
});

/** Reads into `output`, as long as all is well. */
function copyInto<Output extends object>(
  output: Output,
  entries: Iterable<[key: string | number, schema: Schema]>,
  input: object,
  path: PathItem[],
): Output | undefined {
  for (const [key, schema] of entries) {
    if (schema.isOptional && input[key as never] === undefined) continue;
    const value = schema.read(input[key as never], path);
    if (value === undefined) {
      path.unshift({ key });
      return undefined;
    }
    output[key as never] = value as never;
  }
  return output;
}

const isObject = (input: unknown): input is object => typeof input === 'object' && input !== null;

export const object = (entries: Record<string, Schema>): Schema => ({
  entries,
  read: (input, path) =>
    isObject(input) ? copyInto({}, Object.entries(entries), input, path) : undefined,
});

export const array = (item: Schema): Schema => ({
  read: (input, path) =>
    Array.isArray(input)
      ? copyInto(
          [],
          input.map((_value, index) => [index, item]),
          input,
          path,
        )
      : undefined,
});

/** Keys that are no name of an entry. */
const unsafeKeys = ['__proto__', 'prototype', 'constructor'];

export const record = (_key: Schema, value: Schema): Schema => ({
  read(input, path) {
    if (!isObject(input)) return undefined;
    const keys = Object.keys(input).filter((key) => !unsafeKeys.includes(key));
    return copyInto(
      {},
      keys.map((key) => [key, value]),
      input,
      path,
    );
  },
});

type Sized = string | unknown[];

export const minLength = (bound: number) => (value: Sized) => value.length >= bound;
export const maxLength = (bound: number) => (value: Sized) => value.length <= bound;
export const length = (bound: number) => (value: Sized) => value.length === bound;
export const minValue = (bound: number) => (value: number) => value >= bound;
export const maxValue = (bound: number) => (value: number) => value <= bound;
export const integer = () => Number.isInteger;
export const safeInteger = () => Number.isSafeInteger;
export const finite = () => Number.isFinite;
export const check = (holds: (value: never) => boolean) => holds;
export const regex = (pattern: RegExp) => (value: string) => pattern.test(value);

export function safeParse(schema: Schema, input: unknown) {
  const path: PathItem[] = [];
  const output = schema.read(input, path);
  return output === undefined
    ? { success: false, issues: [{ message: 'not accepted', path }] }
    : { success: true, output };
}
