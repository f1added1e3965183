// Sends a few messages by Segment's client for Node: node send.mjs HOST KEY
import { Analytics } from '@segment/analytics-node'

const [host, writeKey] = process.argv.slice(2)
const analytics = new Analytics({ host, writeKey, flushAt: 3, maxRetries: 2 })
const failed = []
analytics.on('error', (error) => failed.push(error))

analytics.identify({ userId: 'n1', anonymousId: 'nv1', traits: { email: 'node@example.org' } })
analytics.page({ anonymousId: 'nv1', name: 'Home', properties: { url: 'https://shop.example/' } })
for (let number = 0; number < 5; number++) {
  analytics.track({
    userId: 'n1',
    event: 'Order Completed',
    properties: { order_id: `n-${number}`, revenue: 100 + number, currency: 'EUR' },
  })
}
await analytics.closeAndFlush({ timeout: 20000 })
if (failed.length > 0) {
  console.error(failed)
  process.exit(1)
}
