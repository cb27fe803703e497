import { deflateSync, inflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import {
  BodyError,
  decodeCompressedRegisterBroker,
  decodeRegisterBroker,
  encodeCompressedRegisterBroker,
  newDataVersion,
  newTopicConfig,
  type RegisterBroker,
  registerBrokerBody,
} from '../../src/bodies/index.ts'

/** Body of a registration that an official 5.5.0 broker sent with compressedRegister=true. */
const recorded = Buffer.from(
  'eNqNUl1PwjAUXfwNPhke5hSNCSjDAYM3NspH2AeudboY08xRZWFjsxsxhvjf7TDE4BjS23VJ7+k9p+eW4zh5JXjRcpESKnQaFSFJ3ZTYhCZ+tBA6tYqQ+iFhm2EsdMRWuyE16/Wa3L5tf3Ecd8y+kurGKIp9j5dYNHk4MgYawKg74FcZpmLpdxg6ECOra0A87Gp9jMzJSOVFFnn8pUIW3ix06RwxXl6s1aWfJQ89QcoDS/Eyi1YuK22ILVMdw55yqIAGDd9x8plgC9gjG2DNHOAeeXWXQaoGy4QZtSbMHzyDICsNINpb/wqqQ9C7z7YyFH5kgxflbObB19vMTNNEc/b7t5H/MSMkwFn7aAH0Zrs15uR/c1q7TT3kaOmFRnNCq+46n+9X9pBMOmVqdz+kC7PfhwBh3bRBDwMbGKiA6bRsAWQ5Ze+t6rlxAej8T0/FZjbzsoTfYoGfkiJfNq5Dx1CxYpljYGEd6Ar7bd1b3Kc2otOC+kdPz2zlvgHySwEs',
  'base64',
)

function registration(topics: number): RegisterBroker {
  const names = Array.from({ length: topics }, (_, index) => `Topic-${index}`)
  return {
    filterServerList: [],
    topicConfigSerializeWrapper: {
      dataVersion: newDataVersion(1),
      topicConfigTable: new Map(names.map((name) => [name, newTopicConfig(name)])),
      topicQueueMappingInfoMap: new Map(),
      topicQueueMappingDetailMap: new Map(),
    },
  }
}

describe('a recorded compressed registration', () => {
  const decoded = decodeRegisterBroker(recorded)

  test('is read', () => {
    const { dataVersion, topicConfigTable } = decoded.topicConfigSerializeWrapper
    expect(dataVersion).toEqual({ counter: 5, stateVersion: 0, timestamp: 1795462208939 })
    expect(topicConfigTable.size).toBe(20)
    expect(topicConfigTable.get('CapTopic')).toEqual(
      newTopicConfig('CapTopic', { readQueueNums: 4, writeQueueNums: 4 }),
    )
    expect(topicConfigTable.get('BenchmarkTest')).toMatchObject({ readQueueNums: 1024, perm: 6 })
  })

  test('is written back to the same content', () => {
    expect(inflateSync(encodeCompressedRegisterBroker(decoded))).toEqual(inflateSync(recorded))
  })
})

describe('the form of a registration', () => {
  test('is told from its content', () => {
    const given = registration(3)
    expect(decodeRegisterBroker(registerBrokerBody.encode(given))).toEqual(given)
    expect(decodeRegisterBroker(encodeCompressedRegisterBroker(given))).toEqual(given)
  })

  test('100,000 topics fit into a frame when compressed', () => {
    const bytes = encodeCompressedRegisterBroker(registration(100_000))
    expect(bytes.length).toBeLessThan(16 * 1024 * 1024)
    expect(decodeRegisterBroker(bytes).topicConfigSerializeWrapper.topicConfigTable.size).toBe(100_000)
  })
})

describe('hostile compressed registrations', () => {
  const int = (value: number): Buffer => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(value)
    return bytes
  }
  const block = (text: string): Buffer => Buffer.concat([int(text.length), Buffer.from(text)])
  const version = block('{"counter":1,"stateVersion":0,"timestamp":2}')
  const compressed = (...pieces: Buffer[]): Buffer => deflateSync(Buffer.concat(pieces))

  test('one that inflates beyond the bound is refused', () => {
    const bomb = deflateSync(Buffer.alloc(4 * 1024 * 1024))
    expect(() => decodeCompressedRegisterBroker(bomb, 1024 * 1024)).toThrow(/inflates to more than 1048576 bytes/)
  })

  test.each([
    ['cut off', recorded.subarray(0, recorded.length - 20), /no complete zlib stream/],
    ['no zlib stream', Buffer.from('xyz'), /no complete zlib stream/],
    ['empty', compressed(), /dataVersion is cut off/],
    ['longer block than bytes', compressed(int(100), Buffer.from('{}')), /dataVersion announces 100 bytes of 2/],
    ['negative length', compressed(int(-1)), /dataVersion announces -1 bytes/],
    ['more topics than bytes', compressed(version, int(0x7fffffff)), /topicConfigTable announces 2147483647 entries/],
    ['negative count', compressed(version, int(-1)), /topicConfigTable announces -1 entries/],
    ['bad topic', compressed(version, int(1), block('T 1 1')), /5 parts/],
    ['bad filter servers', compressed(version, int(0), block('{}')), /filterServerList must be a list/],
    ['mapping without topic', compressed(version, int(0), block('[]'), int(1), block('{}')), /topic is missing/],
  ])('%s', (_, bytes, message) => {
    expect(() => decodeRegisterBroker(bytes)).toThrow(BodyError)
    expect(() => decodeRegisterBroker(bytes)).toThrow(message)
  })

  test('an old broker ends after the filter servers', () => {
    const body = decodeRegisterBroker(compressed(version, int(0), block('["f"]')))
    expect(body.filterServerList).toEqual(['f'])
    expect(body.topicConfigSerializeWrapper.topicQueueMappingInfoMap.size).toBe(0)
  })
})
