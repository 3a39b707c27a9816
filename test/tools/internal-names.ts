/**
 * Which properties the bundles call by a shorter name: those that only our own code knows. A name stays when it is
 * seen anywhere else: in the public types, in a file with a schema (the wires, what is stored), as a feature of models, as a
 * string or an export, in hls.js, in the language or in a browser. So no list has to be kept, and a name too many that
 * stays costs a few bytes.
 */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseSync } from 'vite';
import { featureNames } from '../../sdk/core/messages/features.ts';
import { rootFolder } from './root.ts';

interface Names {
  /** How often each property is named. */
  properties: Map<string, number>;
  /** Properties that an interface or a type declares. */
  declared: Set<string>;
  /** Strings and names of exports, by which a property could be asked for. */
  texts: Set<string>;
}

type Node = Record<string, unknown> & { type: string };

/** What is bundled: all of it calls a property by the same name. */
const ownFiles = [
  'sdk/**/*.ts',
  'signaling/protocol/*.ts',
  'node_modules/{simple-peer/lite.js,comlink/dist/esm/comlink.mjs,idb/build/index.js}',
  'node_modules/tinyqueue/index.js',
];
const ownFilesLeftOut = /\.types\/|\.d\.ts$|^sdk\/agent\//;

const foreignFiles = [
  'sdk/{api,messages-api}.d.ts',
  'node_modules/@typescript/*/lib/lib.{es,dom,webworker,decorators}*.d.ts',
  'node_modules/hls.js/dist/hls.js.d.ts',
  // What browsers have beyond what the language's types say.
  'node_modules/terser/tools/domprops.js',
];

/** @returns The short name of each property that may have one. The same for every bundle of one state of the files. */
export function internalNames(): Map<string, string> {
  const own = emptyNames();
  const foreign = emptyNames();
  for (const file of filesOf(ownFiles)) {
    if (ownFilesLeftOut.test(file)) continue;
    const source = readFileSync(join(rootFolder, file), 'utf8');
    const ofFile = namesIn(file, source);
    addNames(own, ofFile);
    if (source.includes("from 'valibot'")) addNames(foreign, ofFile);
    // What an outside thing looks like where its own types do not say so.
    if (file.startsWith('sdk/adapters/')) addAll(foreign.texts, ofFile.declared);
  }
  // Rules, which are data, name features.
  addAll(foreign.texts, featureNames);
  const foreignFilesFound = filesOf(foreignFiles);
  for (const file of foreignFilesFound) {
    addNames(foreign, namesIn(file, readFileSync(join(rootFolder, file), 'utf8')));
  }
  if (foreign.properties.size < 5_000) throw new Error(`too few names in ${foreignFilesFound}`);

  const seen = (name: string) =>
    foreign.properties.has(name) || foreign.texts.has(name) || own.texts.has(name);
  const internal = [...own.properties].filter(([name]) => name.length > 2 && !seen(name));
  internal.sort(([a, timesA], [b, timesB]) => timesB - timesA || (a < b ? -1 : 1));
  const short = shortNames((name) => own.properties.has(name) || seen(name));
  return new Map(internal.map(([name]) => [name, short.next().value]));
}

function filesOf(patterns: string[]): string[] {
  return patterns.flatMap((pattern) => {
    const files = globSync(pattern, { cwd: rootFolder }).sort();
    if (files.length === 0) throw new Error(`no file is ${pattern}`);
    return files;
  });
}

function emptyNames(): Names {
  return { properties: new Map(), declared: new Set(), texts: new Set() };
}

function addNames(to: Names, from: Names): void {
  for (const [name, times] of from.properties) {
    to.properties.set(name, (to.properties.get(name) ?? 0) + times);
  }
  addAll(to.texts, from.texts);
}

function addAll<Item>(to: Set<Item>, from: Iterable<Item>): void {
  for (const item of from) to.add(item);
}

function namesIn(file: string, source: string): Names {
  const names = emptyNames();
  walk(parseSync(basename(file), source).program as unknown as Node, names);
  return names;
}

function walk(value: unknown, names: Names): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) walk(item, names);
    return;
  }
  const node = value as Node;
  collect(node, names);
  for (const child of Object.values(node)) walk(child, names);
}

function collect(node: Node, { properties, declared, texts }: Names): void {
  const name = nameOf(node);
  if (name !== null) properties.set(name, (properties.get(name) ?? 0) + 1);
  if (name !== null && node.type.startsWith('TS')) declared.add(name);
  if (node.type === 'TemplateElement') texts.add((node.value as { cooked: string }).cooked);
  else if (typeof node.value === 'string') texts.add(node.value);
  addAll(texts, exportedBy(node));
}

/** What a module exports: whoever imports it lazily asks for it by this name. */
function exportedBy(node: Node): string[] {
  if (node.type !== 'ExportNamedDeclaration') return [];
  const { id, declarations } = (node.declaration ?? {}) as Record<string, unknown>;
  const declared = ((declarations ?? []) as { id: unknown }[]).map((declaration) => declaration.id);
  return [id, ...declared].flatMap((named) => (named ? [String((named as Node).name)] : []));
}

/** The property that a node names; what is computed or private (`#name`) names none. */
function nameOf(node: Node): string | null {
  const named = node.computed ? null : node.type === 'MemberExpression' ? node.property : node.key;
  const { type, name, value } = (named ?? {}) as Record<string, unknown>;
  if (type === 'Identifier') return String(name);
  return type === 'Literal' ? String(value) : null;
}

/** The shortest that are not `taken`. */
function* shortNames(taken: (name: string) => boolean): Generator<string, never> {
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  let names = [''];
  for (;;) {
    names = names.flatMap((name) => [...letters].map((letter) => name + letter));
    for (const name of names) if (!taken(name)) yield name;
  }
}
