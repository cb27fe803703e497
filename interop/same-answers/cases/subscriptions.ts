import { type Case, differs } from '../case.ts'
import { wrongExpressionIsRefused } from '../differences.ts'
import { eventually, heartbeat, makeTopic, pull, pullSubscribed, send } from '../steps.ts'

const tagged = (topic: string) => [
  makeTopic(topic),
  send(topic, { body: 'of a', properties: { TAGS: 'a' } }),
  send(topic, { body: 'of b', properties: { TAGS: 'b' } }),
  send(topic, { body: 'of no tag' }),
  eventually(pull(topic), (text) => text.includes('of no tag')),
]

/** Expressions in the header of a pull; undefined is absent. */
const expressions = [
  undefined,
  '',
  '*',
  ' * ',
  ' ',
  'null',
  'a',
  ' a ',
  'a||',
  '||a',
  'a || b',
  'a||a',
  'a | b',
  'a,b',
  '||',
  '| |',
  ' || ',
  '|| ||',
  '* || a',
  'a || *',
  'A',
]

/** What a heartbeat says besides the topic. */
const heartbeats = [
  { subString: 'a', tagsSet: ['a'], codeSet: [97] },
  { subString: '*', tagsSet: [], codeSet: [] },
  { subString: '*', tagsSet: ['a'], codeSet: [97] },
  { subString: '', tagsSet: [], codeSet: [] },
  { subString: 'a', tagsSet: [], codeSet: [] },
  { subString: 'a', tagsSet: ['a'], codeSet: [98] },
  { subString: ' || ', tagsSet: [], codeSet: [] },
  { subString: ' * ', tagsSet: ['*'], codeSet: [42] },
  { subString: 'a', tagsSet: ['a'] },
  { subString: 'a' },
  { subString: null, tagsSet: [], codeSet: [] },
  { tagsSet: ['a'], codeSet: [97] },
  {},
  { subString: 'a', codeSet: [97], expressionType: '' },
  { subString: 'a', codeSet: [97], expressionType: null },
  { subString: 'a || b', codeSet: [97, 98] },
]

export const subscriptionCases: readonly Case[] = [
  {
    title: 'tag expressions of pulls',
    steps: [
      ...tagged('PullTags'),
      ...expressions.map((subscription) => pull('PullTags', { subscription })),
      pull('PullTags', { subscription: 'a', expressionType: undefined }),
      differs(pull('PullTags', { subscription: 'a', expressionType: '' }), {
        reason: 'an empty type is none, as in a heartbeat',
        official: { code: 20 },
        ours: { code: 0, body: [{ body: 'of a' }] },
      }),
      pull('PullTags', { subscription: ' || ', expressionType: undefined }),
      differs(pull('PullTags', { subscription: 'a', expressionType: 'NONE' }), wrongExpressionIsRefused),
      pull('PullTags', { subscription: 'a' }, { code: 361 }),
      pull('PullTags', { subscription: ' || ' }, { code: 361 }),
    ],
  },
  ...heartbeats.map((subscribed, index) => ({
    title: `the subscription of a heartbeat: ${JSON.stringify(subscribed)}`,
    steps: [
      ...tagged(`Beat${index}`),
      heartbeat(`beat-${index}`, `Beat${index}`, subscribed),
      pullSubscribed(`Beat${index}`, `beat-${index}`),
    ],
  })),
]
