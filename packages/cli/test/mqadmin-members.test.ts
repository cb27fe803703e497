import { Consumer, Producer } from '@rocketmq-ts/client'
import { describe, expect, test } from 'vitest'
import { hostOf, open, run, startCluster } from './cli-kit.ts'

describe('mqadmin', () => {
  test('shows bodies in the charset that is named, sends again, and lets a member handle a message', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const host = hostOf(mq)
    const producer = open(new Producer({ nameServers: mq.nameServers, group: 'shop' }))
    const body = Buffer.from([0xd6, 0xd0, 0xce, 0xc4])
    const sent = await producer.send({
      topic: 'orders',
      body,
      keys: ['k', 'l'],
      tag: 'T',
      properties: { colour: 'blue' },
    })
    const place = `broker -i 0 -o ${sent.queueOffset}`.split(' ')
    for (const words of [
      ['queryMsgByOffset', '-t', 'orders', '-b', ...place],
      ['queryMsgById', '-t', 'orders', '-i', sent.offsetMessageId],
    ]) {
      expect((await run(host, 'mqadmin', ...words, '-f', 'GBK')).stdout).toMatch(/^Message Body: +中文$/m)
      expect((await run(host, 'mqadmin', ...words)).stdout).not.toContain('Message Body:')
    }
    const printed = await run(
      host,
      ...'mqadmin printMsgByQueue -t orders -a broker -i 0 -p true -d true -c GBK'.split(' '),
    )
    expect(printed.stdout).toMatch(/ BODY: 中文\n$/)

    const again = await run(host, 'mqadmin', 'queryMsgById', '-t', 'orders', '-i', sent.offsetMessageId, '-s', 'true')
    expect(again).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^prepare resend msg\. originalMsgId=\S+SendResult \[sendStatus=SEND_OK, .*\]$/),
    })
    const [first, second] = await mq.messages('orders')
    expect(second).toMatchObject({ body: first!.body, keys: ['k', 'l'], tag: 'T', properties: { colour: 'blue' } })
    expect(second!.messageId).not.toBe(first!.messageId)
    const nothing = await run(
      host,
      'mqadmin',
      'queryMsgById',
      '-t',
      'orders',
      '-i',
      sent.offsetMessageId,
      '-s',
      'false',
    )
    expect(nothing).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    expect(await mq.messages('orders')).toHaveLength(2)

    const handled: string[] = []
    const consumer = open(
      new Consumer({
        ...{ nameServers: mq.nameServers, group: 'mailer', topics: 'orders', from: 'latest' },
        handler: ({ messageId }) => void handled.push(messageId),
      }),
    )
    await consumer.start()
    await expect.poll(() => consumer.assigned.length).toBe(1)
    const member = ['-g', 'mailer', '-d', consumer.clientId]
    for (const words of [
      ['queryMsgById', '-t', 'orders', '-i', sent.offsetMessageId],
      ['queryMsgByUniqueKey', '-t', 'orders', '-i', sent.messageId],
    ]) {
      const { stdout } = await run(host, 'mqadmin', ...words, ...member)
      expect(stdout).toMatch(
        /^ConsumeMessageDirectlyResult \[order=false, autoCommit=true, consumeResult=CR_SUCCESS, remark=null, spentTimeMills=\d+\]$/,
      )
    }
    expect(handled).toEqual([sent.messageId, sent.messageId])
    const nobody = await run(
      host,
      'mqadmin',
      'queryMsgById',
      '-t',
      'orders',
      '-i',
      sent.offsetMessageId,
      '-g',
      'mailer',
      '-d',
      'nobody',
    )
    expect(nobody).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('not online') })
  })

  test('tells no progress of a group that has none: its members broadcast, or there are none', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const group = {
      nameServers: mq.nameServers,
      group: 'screens',
      topics: 'orders',
      broadcast: true,
      handler: () => {},
    }
    const consumer = open(new Consumer(group))
    await consumer.start()
    const host = hostOf(mq)
    await expect
      .poll(() => run(host, 'mqadmin', 'consumerProgress', '-g', 'screens'))
      .toEqual({
        exitCode: 1,
        stdout: '',
        stderr: expect.stringMatching(
          /^rocketmq: CODE: 213 {2}DESC: Not found the consumer group consume stats, .* broadcast mode\n$/,
        ),
      })
    await consumer.close()
    const gone = await run(host, 'mqadmin', 'consumerProgress', '-g', 'screens')
    expect(gone).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('CODE: 206 ') })
  })
})
