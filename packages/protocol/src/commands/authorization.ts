/** Users and access control lists. */
import { defineCommand } from '../define-command.ts'
import { optional, str } from '../fields.ts'

export const authCreateUser = defineCommand({
  code: 3001,
  name: 'AUTH_CREATE_USER',
  from: ['admin'],
  to: ['broker'],
  request: { username: optional(str) },
  response: {},
  requestBody: 'JSON UserInfo {username,password,userType,userStatus}',
})

export const authUpdateUser = defineCommand({
  code: 3002,
  name: 'AUTH_UPDATE_USER',
  from: ['admin'],
  to: ['broker'],
  request: { username: optional(str) },
  response: {},
  requestBody: 'JSON UserInfo',
})

export const authDeleteUser = defineCommand({
  code: 3003,
  name: 'AUTH_DELETE_USER',
  from: ['admin'],
  to: ['broker'],
  request: { username: optional(str) },
  response: {},
})

export const authGetUser = defineCommand({
  code: 3004,
  name: 'AUTH_GET_USER',
  from: ['admin'],
  to: ['broker'],
  request: { username: optional(str) },
  response: {},
  responseBody: 'JSON UserInfo',
})

export const authListUser = defineCommand({
  code: 3005,
  name: 'AUTH_LIST_USER',
  from: ['admin'],
  to: ['broker'],
  request: { filter: optional(str) },
  response: {},
  responseBody: 'JSON [UserInfo]',
})

export const authCreateAcl = defineCommand({
  code: 3006,
  name: 'AUTH_CREATE_ACL',
  from: ['admin'],
  to: ['broker'],
  request: { subject: optional(str) },
  response: {},
  requestBody:
    'JSON AclInfo {subject, policies[{policyType:Custom|Default, entries[{resource,actions[],sourceIps[],decision}]}]}',
})

export const authUpdateAcl = defineCommand({
  code: 3007,
  name: 'AUTH_UPDATE_ACL',
  from: ['admin'],
  to: ['broker'],
  request: { subject: optional(str) },
  response: {},
  requestBody: 'JSON AclInfo',
})

export const authDeleteAcl = defineCommand({
  code: 3008,
  name: 'AUTH_DELETE_ACL',
  from: ['admin'],
  to: ['broker'],
  request: { subject: optional(str), policyType: optional(str), resource: optional(str) },
  response: {},
})

export const authGetAcl = defineCommand({
  code: 3009,
  name: 'AUTH_GET_ACL',
  from: ['admin'],
  to: ['broker'],
  request: { subject: optional(str) },
  response: {},
  responseBody: 'JSON AclInfo',
})

export const authListAcl = defineCommand({
  code: 3010,
  name: 'AUTH_LIST_ACL',
  from: ['admin'],
  to: ['broker'],
  request: { subjectFilter: optional(str), resourceFilter: optional(str) },
  response: {},
  responseBody: 'JSON [AclInfo]',
})
