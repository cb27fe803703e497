import { describe, expect, expectTypeOf, test } from 'vitest'
import { bytes, type Codec, Consumer, json, Producer, type StandardSchema, text } from '../../src/index.ts'

interface Order {
  id: number
}

/** Takes an object with a number, and adds what is missing. */
function orderSchema(isAsync = false): StandardSchema<Order, Order & { state: string }> {
  const validate = (value: unknown) => {
    const { id } = value as Order
    if (typeof id === 'number') return { value: { state: 'new', ...(value as Order) } }
    return { issues: [{ message: 'is no number', path: ['order', { key: 'id' }] }] }
  }
  return {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => (isAsync ? Promise.resolve(validate(value)) : validate(value)),
    },
  }
}

describe('codecs', () => {
  test('give back what they were given', async () => {
    const value = { a: [1, 'ö', null] }
    const codec = json<typeof value>()
    expect(await codec.decode(Buffer.from(await codec.encode(value)))).toEqual(value)
    expect(await text.decode(Buffer.from(await text.encode('größer')))).toBe('größer')
    expect(bytes.encode(new Uint8Array([1, 2, 3]).subarray(1))).toEqual(Buffer.from([2, 3]))
  })

  test('refuse bytes that are no such value', () => {
    expect(() => text.decode(Buffer.from([0xff, 0xfe]))).toThrow()
    expect(() => json().decode(Buffer.from('{'))).toThrow()
    expect(() => json().encode(undefined)).toThrow('no value of JSON')
  })

  test('check values with a schema in both directions, also one that takes its time', async () => {
    for (const isAsync of [false, true]) {
      const codec = json(orderSchema(isAsync))
      const encoded = Buffer.from(await codec.encode({ id: 1 }))
      expect(String(encoded)).toBe('{"id":1}')
      expect(await codec.decode(encoded)).toEqual({ id: 1, state: 'new' })
      const wrong = { id: 'x' } as unknown as Order
      await expect(async () => codec.encode(wrong)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
      await expect(async () => codec.decode(Buffer.from('{"id":"x"}'))).rejects.toThrow('order.id: is no number')
    }
  })

  test('decide the types of producers and consumers', () => {
    const codec = json(orderSchema())
    expectTypeOf(codec).toEqualTypeOf<Codec<Order, Order & { state: string }>>()
    const options = { nameServers: 'localhost', group: 'g' }
    const producer = new Producer({ ...options, codec })
    expectTypeOf(producer).toEqualTypeOf<Producer<Order>>()
    // @ts-expect-error the body is none of the codec's values
    void ((): unknown => producer.send({ topic: 'T', body: 'text' }))
    new Consumer({
      ...options,
      topics: 'T',
      codec,
      handler: (message) => expectTypeOf(message.body).toEqualTypeOf<Order & { state: string }>(),
    })
    new Consumer({ ...options, topics: 'T', handler: ({ body }) => expectTypeOf(body).toEqualTypeOf<Buffer>() })
    const plain = new Producer(options)
    // @ts-expect-error without a codec bodies are text or bytes
    void ((): unknown => plain.send({ topic: 'T', body: { id: 1 } }))
  })
})
