package org.pocketstyle.stylizer

import org.json.JSONArray
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Test

class FrameRateGovernorTest {
    @Test
    fun `it chooses what the Python SDK chooses as a phone heats up and cools`() {
        for (run in JSONArray(golden("governor.json")).objects()) {
            val cool = run.getJSONArray("cool").let { list -> List(list.length(), list::getDouble) }
            val governor = FrameRateGovernor(cool, run.getDouble("rate"))
            val heats = run.getJSONArray("heats")
            val places = mutableListOf(governor.place)
            var now = 0.0
            for (i in 0 until heats.length()) {
                repeat(heats.getJSONArray(i).getInt(0)) {
                    val seconds = cool[governor.place] * heats.getJSONArray(i).getDouble(1)
                    now += seconds
                    places += governor.frame(seconds, now)
                    now += run.getDouble("between")
                }
            }
            val wanted = run.getJSONArray("places")
            val all = (0 until wanted.length()).map(wanted::getJSONArray).flatMap { (p) -> p }
            assertEquals(all, places)
        }
    }

    @Test
    fun `one slow frame changes nothing`() {
        val governor = FrameRateGovernor(listOf(0.03, 0.01), 30.0)
        repeat(200) { governor.frame(if (it % 20 == 7) 0.5 else 0.03, it * 0.04) }
        assertEquals(0, governor.place)
    }

    @Test
    fun `bundles have to come from the dearest to the cheapest`() {
        assertThrows(IllegalArgumentException::class.java) { FrameRateGovernor(listOf(0.01, 0.03), 30.0) }
        assertThrows(IllegalArgumentException::class.java) { FrameRateGovernor(emptyList(), 30.0) }
        assertThrows(IllegalArgumentException::class.java) { FrameRateGovernor(listOf(0.01), 0.0) }
    }

    private operator fun JSONArray.component1(): List<Int> = List(getInt(1)) { getInt(0) }
}
