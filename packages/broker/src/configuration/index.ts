export { groupAttributeKinds, topicAttributeKinds } from './attribute-kinds.ts'
export { type AttributeChanges, alteredAttributes, parseAttributeChanges } from './attributes.ts'
export { DeferredSave } from './deferred-save.ts'
export { groupNameProblem, internalTopicNameProblem, refuseProblem, topicNameProblem } from './names.ts'
