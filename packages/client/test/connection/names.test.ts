import { silentLog } from '@rocketmq-ts/platform'
import { describe, expect, test } from 'vitest'
import { AclSigner } from '../../src/connection/acl-signer.ts'
import { newClientId } from '../../src/connection/client-id.ts'
import { NameServerList, parseNameServers } from '../../src/connection/name-server-list.ts'
import { Namespace } from '../../src/connection/namespace.ts'
import { nodeRuntime } from '../../src/runtime.ts'

function known(nameServers: string | string[]): string[] {
  const options = { lookup: undefined, clock: nodeRuntime().clock, log: silentLog, timeoutMs: 1000 }
  return new NameServerList({ given: parseNameServers(nameServers), ...options }).known
}

describe('name servers', () => {
  test('are read from a list and from text, each once, with the usual port', () => {
    expect(known('a:1; b ;a:1;b:9876')).toEqual(['a:1', 'b:9876'])
    expect(known(['a:1;b:2', 'c', '[::1]:5', 'fe80::1'])).toEqual(['a:1', 'b:2', 'c:9876', '[::1]:5', '[fe80::1]:9876'])
  })

  test('that are none are refused with what to write', () => {
    for (const text of ['', ' ; ', 'a:99999', ':1', 'http://', 'https://a:99999/x']) {
      expect(() => parseNameServers(text), text).toThrow(/name server/)
    }
  })
})

describe('a namespace', () => {
  test('stands before names, behind the prefixes of retries and dead letters, once', () => {
    const namespace = new Namespace('team')
    for (const [name, wrapped] of [
      ['T', 'team%T'],
      ['team%T', 'team%T'],
      ['%RETRY%g', '%RETRY%team%g'],
      ['%DLQ%g', '%DLQ%team%g'],
    ] as const) {
      expect(namespace.wrap(name)).toBe(wrapped)
      expect(namespace.unwrap(wrapped)).toBe(name.replace('team%', ''))
    }
    expect(new Namespace(undefined).wrap('T')).toBe('T')
  })
})

describe('a client id', () => {
  test('differs between clients of a process', () => {
    const ids = new Set(Array.from({ length: 10_000 }, () => newClientId(nodeRuntime())))
    expect(ids.size).toBe(10_000)
  })
})

describe('a signature', () => {
  test('is the one that RocketMQ computes', () => {
    const signer = new AclSigner({ accessKey: 'ak', secretKey: 'sk' })
    expect(signer.identity).toEqual({ AccessKey: 'ak' })
    const fields = {
      AccessKey: 'ak',
      bname: 'broker-a',
      commitOffset: '0',
      consumerGroup: 'cg',
      expressionType: 'TAG',
      maxMsgNums: '32',
      queueId: '0',
      queueOffset: '5',
      subVersion: '1',
      subscription: '*',
      suspendTimeoutMillis: '15000',
      sysFlag: '6',
      topic: 'T1',
    }
    const request = { code: 11, fields: Object.entries(fields).sort(), body: undefined }
    expect(signer.sign(request)).toEqual({ Signature: 'RprYHMV8gFAEu7cATSUOVOa4P40=' })
  })
})
