import { defineStore } from 'pinia'
import { shallowRef } from 'vue'

import { read, type Choice } from '@/map/choice'

const STORED_AS = 'gridserver.map'

/** What this browser's maps show, as the person chose last. */
export const useMapLayers = defineStore('mapLayers', () => {
  const choice = shallowRef<Choice>(read(localStorage.getItem(STORED_AS)))

  function choose(change: Partial<Choice>): void {
    choice.value = { ...choice.value, ...change }
    localStorage.setItem(STORED_AS, JSON.stringify(choice.value))
  }

  return { choice, choose }
})
