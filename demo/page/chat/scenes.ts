/** What viewers of the wall talk about: short scenes, cast anew each time. */

/** Somebody in a scene. `you` is the reader, who has no lines and is only spoken to. */
export type Part = 'a' | 'b' | 'c' | 'host' | 'moderator';

export interface SceneLine {
  by: Part;
  /** `{b}` and `{you}` become names. A reaction is one emoji. */
  text: string;
  kind?: 'announcement' | 'reaction';
  /** Which line of the scene it answers, from 0. */
  answers?: number;
}

export type Scene = readonly SceneLine[];

export const scenes: readonly Scene[] = [
  [
    { by: 'a', text: 'Is the picture sharp for everybody?' },
    { by: 'b', text: 'Sharp here.', answers: 0 },
    { by: 'c', text: 'It was soft for a moment, now it is fine.', answers: 0 },
    { by: 'a', text: 'Good, then it was my line.' },
  ],
  [
    { by: 'a', text: '@{you} how far behind are you?' },
    { by: 'b', text: 'About eight seconds for me.', answers: 0 },
    { by: 'a', text: '✔', kind: 'reaction', answers: 1 },
  ],
  [
    { by: 'host', text: 'We go on for another hour. Questions are welcome.', kind: 'announcement' },
    { by: 'a', text: 'Will there be a recording?', answers: 0 },
    { by: 'host', text: '@{a} yes, from tomorrow on.', answers: 1 },
    { by: 'a', text: '♥', kind: 'reaction', answers: 2 },
  ],
  [
    { by: 'a', text: 'Who feeds whom right now?' },
    { by: 'b', text: '@{a} look at the drawing on the right.', answers: 0 },
    { by: 'a', text: 'Ah, I get mine from @{b}.' },
    { by: 'b', text: 'You are welcome.', answers: 2 },
  ],
  [
    { by: 'b', text: 'Sound and picture are in step again.' },
    { by: 'a', text: '@{you} for you as well?' },
  ],
  [
    { by: 'moderator', text: 'Please keep to the stream in here.', kind: 'announcement' },
    { by: 'a', text: '✔', kind: 'reaction', answers: 0 },
  ],
  [
    { by: 'a', text: 'I have just come in. What did I miss?' },
    { by: 'b', text: '@{a} not much, the first part has just ended.', answers: 0 },
    { by: 'c', text: 'And one edge went away for a minute.', answers: 0 },
    { by: 'a', text: 'I did not notice a thing.' },
    { by: 'b', text: '☺', kind: 'reaction', answers: 3 },
  ],
  [
    { by: 'a', text: 'That change of camera was nice.' },
    { by: 'b', text: 'Agreed.', answers: 0 },
  ],
  [
    { by: 'a', text: '@{b} did your buffer shrink just now?' },
    { by: 'b', text: 'A little. It is back at ten seconds.', answers: 0 },
    { by: 'a', text: 'Same here.' },
  ],
  [
    { by: 'a', text: '@{you} if you wonder about the edges: C is the spare.' },
    { by: 'b', text: 'And D offers too little.', answers: 0 },
  ],
  [
    { by: 'host', text: 'Short break in five minutes.', kind: 'announcement' },
    { by: 'b', text: 'Time for tea.' },
    { by: 'a', text: 'Tea it is.', answers: 1 },
  ],
  [
    { by: 'a', text: 'Does anybody watch on a phone?' },
    { by: 'b', text: 'I do. It fits.', answers: 0 },
    { by: 'c', text: 'Tablet here.', answers: 0 },
  ],
  [
    { by: 'a', text: 'The clock in the picture and mine agree to the second.' },
    { by: 'b', text: 'Mine is two seconds late.', answers: 0 },
    { by: 'a', text: '@{b} that is what your buffer is for.', answers: 1 },
  ],
];

/** What somebody says whom the reader has spoken to: to a question, and to anything else. */
export const answers = {
  question: [
    'Yes, the same here.',
    'Not that I have seen.',
    'Let me look … yes.',
    'About ten seconds, I think.',
  ],
  remark: ['Good to know, thanks.', 'I see it, too.', 'That makes sense.', 'Agreed.'],
} as const;
