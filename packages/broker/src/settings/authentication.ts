import { atRestart, boolean, computed, falseOnly, int, live, notServed, text } from '@rocketmq-ts/settings'

const authentication = 'Authentication and authorization'
const open = 'requests are not checked yet, so the broker would be open to everyone'

export const authenticationSettings = notServed(authentication, 'requests are not checked yet', {
  authenticationEnabled: atRestart(falseOnly(open), false, 'Clients must sign their requests.'),
  authorizationEnabled: atRestart(falseOnly(open), false, 'Users may do only what they were granted.'),
  aclEnable: atRestart(falseOnly(open), false, 'The access control of RocketMQ 4.'),
  authConfigPath: atRestart(
    text,
    computed('<storePathRootDir>/config', (context) => `${context.textOf('storePathRootDir')}/config`),
    'Folder of users and grants.',
  ),
  authenticationProvider: atRestart(text, '', 'Java class that checks users.'),
  authenticationMetadataProvider: atRestart(text, '', 'Java class that keeps users.'),
  authenticationStrategy: atRestart(text, '', 'Java class that says when users are checked.'),
  authenticationWhitelist: live(text, '', 'Requests that need no user.'),
  initAuthenticationUser: atRestart(text, '', 'First user, as JSON.'),
  innerClientAuthenticationCredentials: atRestart(text, '', 'User that the broker itself is, as JSON.'),
  authorizationProvider: atRestart(text, '', 'Java class that checks grants.'),
  authorizationMetadataProvider: atRestart(text, '', 'Java class that keeps grants.'),
  authorizationStrategy: atRestart(text, '', 'Java class that says when grants are checked.'),
  authorizationWhitelist: live(text, '', 'Requests that need no grant.'),
  migrateAuthFromV1Enabled: atRestart(boolean, false, 'Takes over plain_acl.yml of RocketMQ 4.'),
  userCacheMaxNum: atRestart(int(), 1000, 'Users kept in memory.'),
  userCacheExpiredSecond: atRestart(int({ unit: 'seconds' }), 600, 'Seconds that they are kept.'),
  aclCacheMaxNum: atRestart(int(), 1000, 'Grants kept in memory.'),
  statefulAuthenticationCacheExpiredSecond: atRestart(
    int({ unit: 'seconds' }),
    60,
    'Seconds that a checked connection counts as checked.',
  ),
})
