import { brokerSettings } from '@rocketmq-ts/broker'
import { nameServerSettings } from '@rocketmq-ts/name-server'
import { settingsReference } from '@rocketmq-ts/settings'
import { expect, test } from 'vitest'

const introduction = `# Settings

Keys of RocketMQ's \`broker.conf\` and \`namesrv.conf\`, with their defaults here. Where nothing else is said, a change by
\`mqadmin updateBrokerConfig\` or \`rocketmq config\` takes effect at once. Keys of RocketMQ that have no effect are known too, so
that files carry over. This page is made from the tables of the servers:
\`npx vitest run packages/dev-env/test/commands/settings-document.test.ts -u\`.
`

test('docs/settings.md tells of all settings as they are declared', async () => {
  const document = [
    introduction,
    '## Broker\n',
    settingsReference(brokerSettings, '###'),
    '## Name server\n',
    settingsReference(nameServerSettings, '###'),
  ].join('\n')
  await expect(document).toMatchFileSnapshot('../../../../docs/settings.md')
})
