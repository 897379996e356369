// What a composer needs once there are photos or videos: loaded with the first of them.
export { Attaching } from './attaching.svelte';
export { default as Attachments } from './Attachments.svelte';
