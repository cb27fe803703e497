import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  formatJavaProperties,
  JavaPropertiesError,
  parseJavaProperties,
  parseJavaPropertyLines,
  replaceJavaProperties,
} from '../../src/text/index.ts'

describe('parsing', () => {
  test.each([
    ['a=1', 'a', '1'],
    ['a:1', 'a', '1'],
    ['a 1', 'a', '1'],
    ['  a \t= \f 1 ', 'a', '1 '],
    ['a==1', 'a', '=1'],
    ['a : = 1', 'a', '= 1'],
    ['a', 'a', ''],
    ['=1', '', '1'],
    ['a\\=b\\:c\\ d=1', 'a=b:c d', '1'],
    ['\\#a=\\!b', '#a', '!b'],
    ['a=\\t\\n\\r\\f\\\\\\q', 'a', '\t\n\r\f\\q'],
    ['a=\\u8ba2\\u5355', 'a', '订单'],
    ['namesrvAddr=127.0.0.1:9876;127.0.0.2:9876', 'namesrvAddr', '127.0.0.1:9876;127.0.0.2:9876'],
    ['a=1\\\n   2\\\r\n\t3', 'a', '123'],
    ['a=1\\\\\nb', 'a', '1\\'],
    ['a=1\\', 'a', '1'],
    ['a=b # no comment', 'a', 'b # no comment'],
    ['a\\\n=1', 'a', '1'],
  ])('%j has the key %j and the value %j', (text, key, value) => {
    expect(parseJavaPropertyLines(text)[0]).toEqual({ key, value, line: 1 })
  })

  test('comments and blank lines are skipped, and a comment is not continued', () => {
    const text = '# a=1\n\n  ! b=2 \\\nc=3\r\n \t \rd=4'
    expect(parseJavaPropertyLines(text)).toEqual([
      { key: 'c', value: '3', line: 4 },
      { key: 'd', value: '4', line: 6 },
    ])
  })

  test('the last of a repeated key counts', () => {
    expect(parseJavaProperties('a=1\nb=2\na=3')).toEqual(
      new Map([
        ['a', '3'],
        ['b', '2'],
      ]),
    )
  })

  test('a broken escape is named with its line', () => {
    expect(() => parseJavaProperties('a=1\nb=\\u12x4')).toThrow(JavaPropertiesError)
    expect(() => parseJavaProperties('a=1\nb=\\u12x4')).toThrow(/in line 2/)
  })

  test('any text is read or refused with a JavaPropertiesError', () => {
    const pieces = fc.constantFrom('\\', 'u', '0041', '\n', '\r', '=', ':', ' ', '#', '!', 'a', '\t')
    fc.assert(
      fc.property(
        fc.array(pieces).map((each) => each.join('')),
        (text) => {
          try {
            parseJavaProperties(text)
          } catch (error) {
            expect(error).toBeInstanceOf(JavaPropertiesError)
          }
        },
      ),
      { numRuns: 1000 },
    )
  })
})

describe('formatting', () => {
  test('writes plain keys and values as they are', () => {
    expect(
      formatJavaProperties([
        ['listenPort', '10911'],
        ['a', 'b:c=d e#f!'],
      ]),
    ).toBe('listenPort=10911\na=b:c=d e#f!\n')
  })

  test('escapes what Java would read differently', () => {
    expect(formatJavaProperties([['a b', ' c:\\d\n订']])).toBe('a\\ b=\\ c:\\\\d\\n\\u8BA2\n')
  })

  test('is undone by parsing', () => {
    const text = fc.string({
      unit: fc.constantFrom('\\', 'u', '0', '\n', '\r', '=', ':', ' ', '#', '!', 'a', '\t', '\f', '订', '\u0000', '😀'),
    })
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), (entries) => {
        expect(parseJavaProperties(formatJavaProperties(entries))).toEqual(new Map(entries))
      }),
    )
  })
})

describe('replacing', () => {
  const replaced = (text: string, changes: Record<string, string>) =>
    replaceJavaProperties(text, new Map(Object.entries(changes)))

  test.each([
    ['a value', '# my comment\na = 1\n\nb=2\n', { a: '9' }, '# my comment\na=9\n\nb=2\n'],
    ['the last of a repeated key', 'a=1\nb=2\na=3', { a: '9' }, 'a=1\nb=2\na=9'],
    ['a value over several lines', 'a=1\\\n  2\\\n  3\nb=2\n', { a: '9' }, 'a=9\nb=2\n'],
    ['a key that is escaped', '\\u0061=1\n', { a: '9' }, 'a=9\n'],
    ['a value in lines that end in CRLF', 'x=1\r\na=1\r\n', { a: '9', b: '8' }, 'x=1\r\na=9\r\nb=8\r\n'],
    ['what stands in a comment not', '#a=1\n! a=2', { a: '9' }, '#a=1\n! a=2\na=9\n'],
    ['what needs escapes', '', { a: ' c:\\d\n订' }, 'a=\\ c:\\\\d\\n\\u8BA2\n'],
    ['a value that ends the text with a backslash', 'a=1\\', { a: '9' }, 'a=9'],
    ['nothing of an entry that a backslash leaves open', 'a=1\\', { b: '9' }, 'a=1\\\n\nb=9\n'],
    ['nothing of an entry that ends in a backslash and a line end', 'a=1\\\n', { b: '9' }, 'a=1\\\n\nb=9\n'],
  ])('changes %s', (_, text, changes, expected) => {
    expect(replaced(text, changes)).toBe(expected)
  })

  test('changes the keys that are given, and of the rest not a letter', () => {
    const pieces = fc.constantFrom('\\', '\\\\', '\n', '\r\n', '\r', '=', ':', ' ', '#', '!', 'a', 'b', 'c', 'é', '\t')
    const texts = fc.array(pieces, { maxLength: 40 }).map((each) => each.join(''))
    const changes = fc.dictionary(fc.constantFrom('a', 'b', 'ab', 'new key'), fc.constantFrom('', '1', ' 2\\', '\n#'))
    fc.assert(
      fc.property(texts, changes, (text, given) => {
        const result = replaced(text, given)
        const expected = new Map([...parseJavaProperties(text), ...Object.entries(given)])
        expect(parseJavaProperties(result)).toEqual(expected)
        const comments = (whole: string) => whole.split(/\r\n|\r|\n/).filter((line) => /^\s*#/.test(line)).length
        expect(comments(result)).toBeGreaterThanOrEqual(comments(text) - text.split('\\').length + 1)
        expect(replaced(result, given)).toBe(result)
        expect(replaced(text, {})).toBe(text)
      }),
      { numRuns: 2000 },
    )
  })
})
