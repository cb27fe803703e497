import {
  commands,
  groupForbiddenBody,
  newSubscriptionGroupConfig,
  newTagSubscription,
  querySubscriptionBody,
  type SubscriptionGroupConfig,
  subscriptionGroupConfigBody,
  subscriptionGroupListBody,
  subscriptionGroupTableBody,
} from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import { codeOf, type Promises, type Scene, withSettings } from './scene.ts'

function update({ broker }: Scene, group: string, changes: Partial<SubscriptionGroupConfig> = {}) {
  const body = subscriptionGroupConfigBody.encode(newSubscriptionGroupConfig(group, changes))
  return codeOf(broker, commands.updateAndCreateSubscriptiongroup, {}, body)
}

function updateAll({ broker }: Scene, ...groups: SubscriptionGroupConfig[]) {
  const body = subscriptionGroupListBody.encode({ groupConfigList: groups })
  return codeOf(broker, commands.updateAndCreateSubscriptiongroupList, {}, body)
}

async function allGroups(
  { broker }: Scene,
  page: { groupSeq?: number; maxGroupNum?: number; dataVersion?: string } = {},
) {
  const { header, body } = await broker.ask(commands.getAllSubscriptiongroupConfig, page)
  return { ...subscriptionGroupTableBody.decode(body), totalGroupNum: header.totalGroupNum }
}

async function groupOf(scene: Scene, group: string): Promise<SubscriptionGroupConfig | undefined> {
  return (await allGroups(scene)).subscriptionGroupTable.get(group)
}

async function readable({ broker }: Scene, change?: boolean) {
  const header = { group: 'g', topic: 'T', ...(change === undefined ? {} : { readable: change }) }
  return groupForbiddenBody.decode((await broker.ask(commands.updateAndGetGroupForbidden, header)).body)
}

const changes = { retryMaxTimes: 3, retryQueueNums: 2, consumeBroadcastEnable: false, consumeTimeoutMinute: 7 }

export const groups = {
  updateAndCreateSubscriptiongroup: {
    'a group is as it was asked for, and changes with the next request': async (scene) => {
      expect(await update(scene, 'g', changes)).toBe('SUCCESS')
      expect(await groupOf(scene, 'g')).toEqual(newSubscriptionGroupConfig('g', changes))
      await update(scene, 'g', { retryMaxTimes: 5 })
      expect(await groupOf(scene, 'g')).toEqual(newSubscriptionGroupConfig('g', { retryMaxTimes: 5 }))
    },
    'a group is there after a restart': async (scene) => {
      await update(scene, 'g', changes)
      const again = await scene.restart()
      const { body } = await again.ask(commands.getSubscriptiongroupConfig, { group: 'g' })
      expect(subscriptionGroupConfigBody.decode(body)).toEqual(newSubscriptionGroupConfig('g', changes))
    },
    'a group that may not consume pulls nothing': async (scene) => {
      await scene.store('T', 'a')
      await update(scene, 'g', { consumeEnable: false })
      await expect(scene.broker.pull({ topic: 'T', group: 'g' })).rejects.toMatchObject({ code: 16 })
    },
    'a name that is too long or malformed is refused': async (scene) => {
      expect(await update(scene, 'x'.repeat(120))).toBe('SUCCESS')
      expect(await update(scene, 'x'.repeat(121))).toBe('INVALID_PARAMETER')
      expect(await update(scene, 'a/b')).toBe('INVALID_PARAMETER')
      expect(await update(scene, '')).toBe('INVALID_PARAMETER')
    },
  },
  updateAndCreateSubscriptiongroupList: {
    'all groups of a list are made': async (scene) => {
      const list = [newSubscriptionGroupConfig('g', changes), newSubscriptionGroupConfig('h')]
      expect(await updateAll(scene, ...list)).toBe('SUCCESS')
      expect([await groupOf(scene, 'g'), await groupOf(scene, 'h')]).toEqual(list)
    },
    'none is made when one is refused': async (scene) => {
      const list = [newSubscriptionGroupConfig('g'), newSubscriptionGroupConfig('a/b')]
      expect(await updateAll(scene, ...list)).toBe('INVALID_PARAMETER')
      expect(await groupOf(scene, 'g')).toBeUndefined()
    },
  },
  getAllSubscriptiongroupConfig: {
    'all groups are told, with what they are forbidden and a version that counts up': async (scene) => {
      const before = await allGroups(scene)
      await update(scene, 'g')
      await readable(scene, false)
      const after = await allGroups(scene)
      expect([...after.subscriptionGroupTable.keys()]).toEqual([...before.subscriptionGroupTable.keys(), 'g'])
      expect(after.totalGroupNum).toBe(after.subscriptionGroupTable.size)
      expect(after.forbiddenTable).toEqual(new Map([['g', new Map([['T', 4]])]]))
      expect(after.dataVersion.counter).toBe(before.dataVersion.counter + 2)
    },
    'pages of it put together are all of it': async (scene) => {
      const all = await allGroups(scene)
      const names: string[] = []
      const dataVersion = JSON.stringify(all.dataVersion)
      for (let groupSeq = 0; groupSeq < all.totalGroupNum; groupSeq += 4) {
        const page = await allGroups(scene, { groupSeq, maxGroupNum: 4, dataVersion })
        names.push(...page.subscriptionGroupTable.keys())
      }
      expect(names).toEqual([...all.subscriptionGroupTable.keys()])
    },
  },
  getSubscriptiongroupConfig: {
    'a group is told as it is, and made where groups are made on use': async (scene) => {
      const told = async (group: string) => {
        const { body } = await scene.broker.ask(commands.getSubscriptiongroupConfig, { group })
        return subscriptionGroupConfigBody.decode(body)
      }
      await update(scene, 'g', changes)
      expect(await told('g')).toEqual(newSubscriptionGroupConfig('g', changes))
      expect(await told('new')).toEqual(newSubscriptionGroupConfig('new'))
    },
    'an unknown group is refused': withSettings({ autoCreateSubscriptionGroup: 'false' }, async ({ broker }) => {
      const code = await codeOf(broker, commands.getSubscriptiongroupConfig, { group: 'none' })
      expect(code).toBe('SUBSCRIPTION_GROUP_NOT_EXIST')
    }),
  },
  deleteSubscriptiongroup: {
    'a group goes, with its offsets only when that is asked for': async (scene) => {
      const { broker } = scene
      await scene.store('T', 'a', 'b')
      const deleted = async (group: string, cleanOffset: boolean) => {
        await update(scene, group)
        await broker.commitOffset(group, 'T', 0, 2)
        await broker.ask(commands.deleteSubscriptiongroup, { groupName: group, cleanOffset })
        expect(await groupOf(scene, group)).toBeUndefined()
        return await broker.committedOffset(group, 'T', 0)
      }
      expect([await deleted('keeps', false), await deleted('loses', true)]).toEqual([2, 0])
    },
    'a group that is not there can be deleted': async ({ broker }) => {
      const header = { groupName: 'none', cleanOffset: false }
      expect(await codeOf(broker, commands.deleteSubscriptiongroup, header)).toBe('SUCCESS')
    },
  },
  updateAndGetGroupForbidden: {
    'a group that may not read a topic pulls nothing of it, until it may again': async (scene) => {
      await scene.store('T', 'a')
      const pulled = () => scene.broker.pull({ topic: 'T', group: 'g' })
      const answer = { group: 'g', topic: 'T' }
      expect(await readable(scene)).toEqual({ ...answer, readable: true })
      expect(await readable(scene, false)).toEqual({ ...answer, readable: false })
      expect(await readable(scene)).toEqual({ ...answer, readable: false })
      await expect(pulled()).rejects.toMatchObject({ code: 16 })
      expect((await scene.broker.pull({ topic: 'T', group: 'h' })).messages).toHaveLength(1)
      expect(await readable(scene, true)).toEqual({ ...answer, readable: true })
      expect((await pulled()).messages).toHaveLength(1)
    },
  },
  querySubscriptionByConsumer: {
    'what the members of a group subscribe to of a topic is told': async (scene) => {
      await scene.broker.heartbeat([{ group: 'g', topics: { T: 'a || b', U: '*' } }])
      const told = async (group: string, topic: string) => {
        const { body } = await scene.broker.ask(commands.querySubscriptionByConsumer, { group, topic })
        return querySubscriptionBody.decode(body)
      }
      const subscriptionData = newTagSubscription('T', 'a || b', 1)
      expect(await told('g', 'T')).toEqual({ group: 'g', topic: 'T', subscriptionData })
      expect(await told('g', 'None')).toEqual({ group: 'g', topic: 'None' })
      expect(await told('none', 'T')).toEqual({ group: 'none', topic: 'T' })
    },
  },
} satisfies Promises
