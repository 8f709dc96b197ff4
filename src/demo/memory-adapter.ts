// Storage of one authorization server: tokens, pushed authorization requests and the jti values already seen, in
// memory. Runs on the machine, in Node.

type Payload = { grantId?: string; consumed?: number };

/**
 * Makes the storage of one oidc-provider instance: a function that returns the adapter of a model. Two servers share
 * nothing, so an assertion that one has seen is new to the other.
 */
export function createMemoryAdapter() {
  const stored = new Map<string, Payload>();
  return (model: string) => ({
    upsert: async (id: string, payload: Payload) => void stored.set(`${model}:${id}`, payload),
    find: async (id: string) => stored.get(`${model}:${id}`),
    destroy: async (id: string) => void stored.delete(`${model}:${id}`),
    async consume(id: string) {
      const payload = stored.get(`${model}:${id}`);
      if (payload) payload.consumed = Math.floor(Date.now() / 1000);
    },
    async revokeByGrantId(grantId: string) {
      for (const [key, payload] of stored) if (payload.grantId === grantId) stored.delete(key);
    },
  });
}
