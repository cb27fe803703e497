import type { Case, Difference, Step } from '../case.ts'
import { differs } from '../case.ts'
import { noDecimalInteger } from '../differences.ts'
import { eventually, header, makeTopic, pull, request, send } from '../steps.ts'

const topic = 'Headers'
const found = { code: 0, opaque: 7 }

/** A header of GET_MAX_OFFSET with parts of it replaced; undefined leaves a part out. */
function headerText(parts: Record<string, string | undefined> = {}, tail = ''): string {
  const all: Record<string, string | undefined> = {
    code: '30',
    extFields: `{"topic":"${topic}","queueId":"0"}`,
    flag: '0',
    language: '"JAVA"',
    opaque: '7',
    version: '513',
    ...parts,
  }
  const members = Object.entries(all).flatMap(([name, text]) => (text === undefined ? [] : [`"${name}":${text}`]))
  return `{${members.join(',')}${tail}}`
}

/** What stands where the envelope has a number, which is 7 where it is one, and what the official server takes it for. */
const envelopeNumbers: readonly { text: string | undefined; taken?: number }[] = [
  { text: '7' },
  { text: '"7"' },
  { text: '"-7"' },
  { text: '"+7"' },
  { text: '"007"' },
  { text: '007' },
  { text: '-7' },
  { text: '" 7"' },
  { text: '"\\u00077"' },
  { text: '""' },
  { text: '"null"' },
  { text: 'null' },
  { text: '7.0' },
  { text: '7e0' },
  { text: '2147483647' },
  { text: '2147483648' },
  { text: '-2147483648' },
  { text: '-2147483649' },
  { text: '"2147483648"' },
  { text: '4294967303' },
  { text: '"seven"' },
  { text: '0x7' },
  { text: '7.5', taken: 7 },
  { text: '"7.0"', taken: 7 },
  { text: '"7e0"', taken: 7 },
  { text: '+7', taken: 7 },
  { text: '[7]', taken: 7 },
  { text: '"0x7"', taken: 0 },
  { text: '{}', taken: 0 },
  { text: 'true', taken: 1 },
  { text: '"true"', taken: 1 },
  { text: '1e400', taken: 2147483647 },
]

const opaques = envelopeNumbers.map(({ text, taken }) => {
  const step = header(`opaque ${text}`, headerText({ opaque: text }))
  return taken === undefined ? step : differs(step, noDecimalInteger({ code: 0, opaque: taken }))
})

const codes = envelopeNumbers.flatMap(({ text, taken }) => {
  if (text === '"0x7"') return []
  const step = header(`code ${text}`, headerText({ code: text?.replace('7', '30') }))
  if (taken === undefined) return step
  return differs(step, noDecimalInteger(taken === 7 ? found : { code: 3, opaque: 7 }))
})

const versions = envelopeNumbers.map(({ text, taken }) => {
  const step = header(`version ${text}`, headerText({ version: text }))
  return taken === undefined ? step : differs(step, noDecimalInteger(found))
})

const withFields = (fields: string): string => headerText({ extFields: fields })
const accepted = (reason: string): Difference => ({ reason, official: 'no answer', ours: found })
const refused = (reason: string): Difference => ({ reason, official: found, ours: 'no answer' })
const tolerant = 'the reader of headers is that of bodies, which takes this'

const nearlyJson: readonly Step[] = [
  header('a comma before the closing brace', headerText({}, ',')),
  header('two commas', headerText({}, ',,')),
  header('a blank behind it', `${headerText()} `),
  header('a blank before it', ` ${headerText()}`),
  header('NUL behind it', `${headerText()}\0`),
  header('two NUL behind it', `${headerText()}\0\0`),
  header('NUL before it', `\0${headerText()}`),
  header('x behind it', `${headerText()}x`),
  header('two headers', `${headerText()}${headerText()}`),
  header('single quotes', headerText().replaceAll('"', "'")),
  header('line breaks', headerText().replaceAll(',', ', \n\t')),
  header('a tab in a text', headerText().replace('"JAVA"', '"JA\tVA"')),
  header('half of a surrogate pair', headerText({ remark: '"\\ud800"' })),
  header('a cut header', headerText().slice(0, -1)),
  header('null', 'null'),
  header('a text', '"x"'),
  differs(header('a byte order mark', `\uFEFF${headerText()}`), accepted(tolerant)),
  differs(header('NUL in it', headerText().replace(',', ',\0')), accepted(tolerant)),
  differs(header('a bare key', headerText().replace('"code"', 'code')), accepted(tolerant)),
  differs(header('a comment', headerText().replace(',', ',/* c */')), refused('JSON has no comments')),
  differs(header('an unknown escape', headerText().replace('"JAVA"', '"JA\\xVA"')), refused('JSON has no such escape')),
  header('no header', ''),
  header('a list', '[]'),
  differs(header('an empty object', '{}'), {
    reason: 'without a code it is a request of code 0, as it is with other members',
    official: 'no answer',
    ours: { code: 3, opaque: 0 },
  }),
]

const members: readonly Step[] = [
  header('no code', headerText({ code: undefined })),
  header('no version', headerText({ version: undefined })),
  header('no flag', headerText({ flag: undefined })),
  differs(header('no opaque', headerText({ opaque: undefined })), {
    reason: 'nobody can know the number that the official server makes up',
    official: { code: 0 },
    ours: { code: 0, opaque: 0 },
  }),
  header('no language', headerText({ language: undefined })),
  header('an unknown language', headerText({ language: '"NO_SUCH"' })),
  header('a language in small letters', headerText({ language: '"java"' })),
  header('a language by number', headerText({ language: '0' })),
  header('language null', headerText({ language: 'null' })),
  differs(header('a language that is an object', headerText({ language: '{}' })), accepted('a name is not needed')),
  header('a remark', headerText({ remark: '"x"' })),
  header('a remark that is a number', headerText({ remark: '7' })),
  header('a remark that is an object', headerText({ remark: '{"a":1}' })),
  header('an unknown member', headerText({ unknown: '{"a":[1,{"b":2}]}' })),
  header('a member in capitals', headerText({ Opaque: '8' })),
  header('the other form', headerText({ serializeTypeCurrentRPC: '"ROCKETMQ"' })),
  header('an unknown form', headerText({ serializeTypeCurrentRPC: '"NO_SUCH"' })),
  differs(header('a body', headerText({ body: '"eHg="' })), accepted('members that are not known are passed by')),
  header('a member twice, this one last', `{"opaque":6,${headerText().slice(1)}`),
  header('a member twice, this one first', headerText({}, ',"opaque":9')),
]

const fields: readonly Step[] = [
  header('a number', withFields(`{"topic":"${topic}","queueId":0}`)),
  differs(header('a number with a fraction', withFields(`{"topic":"${topic}","queueId":0.0}`)), {
    reason: '0.0 is 0 in JSON',
    official: { code: 1 },
    ours: { code: 0 },
  }),
  header('null', withFields(`{"topic":"${topic}","queueId":null}`)),
  header('true', withFields(`{"topic":"${topic}","queueId":true}`)),
  header('a list for a number', withFields(`{"topic":"${topic}","queueId":[0]}`)),
  header('an object for a number', withFields(`{"topic":"${topic}","queueId":{"a":0}}`)),
  header('an unknown object', withFields(`{"topic":"${topic}","queueId":"0","more":{"a":[0,null,"x"]}}`)),
  header('an unknown list', withFields(`{"topic":"${topic}","queueId":"0","more":[]}`)),
  header('a number for a name', withFields('{"topic":7,"queueId":"0"}')),
  header('an object for a name', withFields('{"topic":{"a": 1},"queueId":"0"}')),
  header('a field twice', withFields(`{"topic":"${topic}","queueId":"0","queueId":"5"}`)),
  header('a comma at the end', withFields(`{"topic":"${topic}","queueId":"0",}`)),
  header('fields null', withFields('null')),
  header('fields in a list', withFields('["topic"]')),
  header('an empty list of fields', withFields('[]')),
  header('fields as a text', withFields('"x"')),
  header('fields as a number', withFields('7')),
  header('no fields', headerText({ extFields: undefined })),
]

const int32Texts = [
  '0',
  '-0',
  '+0',
  '00',
  '0000000000000000000000000000',
  ' 0',
  '0 ',
  '',
  '0.0',
  '0e0',
  '0x0',
  '0b0',
  '0L',
  '1_0',
  'zero',
  'null',
  '-1',
  '2147483647',
  '2147483648',
  '9223372036854775808',
] as const

/** Offsets of a pull. The message at 0 is found when one is taken for 0. */
const int64Texts = [
  '0',
  '-0',
  '+0',
  '00',
  '0000000000000000000000000000',
  ' 0',
  '',
  '0.0',
  '0x0',
  '0e0',
  'x',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775808',
  '-9223372036854775809',
] as const

const otherDigits: Difference = {
  reason: 'digits are those of ASCII',
  official: { code: 0 },
  ours: { code: 29 },
}

const int32Steps = (form: 'JSON' | 'ROCKETMQ'): Step[] => [
  ...int32Texts.map((queueId) => request(`queueId "${queueId}"`, 30, { topic, queueId }, { form })),
  differs(request('an Arabic zero', 30, { topic, queueId: '\u0660' }, { form }), otherDigits),
]

const int64Steps = (form: 'JSON' | 'ROCKETMQ'): Step[] => [
  makeTopic(`Longs-${form}`),
  send(`Longs-${form}`, { body: 'first' }),
  eventually(pull(`Longs-${form}`), (text) => text.includes('first')),
  ...int64Texts.map((queueOffset) => pull(`Longs-${form}`, { queueOffset }, { form })),
]

export const headerCases: readonly Case[] = [
  { title: 'the opaque number of a JSON header', steps: opaques },
  { title: 'the code of a JSON header', steps: codes },
  { title: 'the version of a JSON header', steps: versions },
  { title: 'members of a JSON header', steps: members },
  { title: 'fields of a JSON header that are no texts', steps: fields },
  { title: 'a header that is nearly JSON', steps: nearlyJson },
  { title: 'integers of 32 bits in a JSON header', steps: int32Steps('JSON') },
  { title: 'integers of 32 bits in a binary header', steps: int32Steps('ROCKETMQ') },
  { title: 'integers of 64 bits in a JSON header', steps: int64Steps('JSON') },
  { title: 'integers of 64 bits in a binary header', steps: int64Steps('ROCKETMQ') },
  {
    title: 'booleans in a header',
    steps: ['true', 'TRUE', 'false', '1', '', 'yes', ' true', undefined].map((setZeroIfNotFound) =>
      request(`boolean "${setZeroIfNotFound}"`, 14, { consumerGroup: 'nobody', topic, queueId: 0, setZeroIfNotFound }),
    ),
  },
]
