package io.sluice.worker.port.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AddressTableTest {
    private record Key(long high, long low, long number) {}

    @Test
    void itIsAMapWhateverIsAddedAndRemoved() {
        Random random = new Random(1);
        AddressTable<Integer> table = new AddressTable<>();
        Map<Key, Integer> map = new HashMap<>();
        for (int step = 0; step < 200_000; step++) {
            Key key = new Key(random.nextInt(2), random.nextInt(8), random.nextInt(40));
            boolean more = random.nextInt(1_000) < (step / 20_000 % 2 == 0 ? 800 : 200);
            if (more) {
                assertThat(table.put(key.high, key.low, key.number, step)).isEqualTo(!map.containsKey(key));
                map.putIfAbsent(key, step);
            } else {
                table.remove(key.high, key.low, key.number);
                map.remove(key);
            }
            Key other = new Key(random.nextInt(2), random.nextInt(8), random.nextInt(40));
            assertThat(table.get(other.high, other.low, other.number)).isEqualTo(map.get(other));
            assertThat(table.size()).isEqualTo(map.size());
        }
        map.forEach((key, value) ->
                assertThat(table.get(key.high, key.low, key.number)).isEqualTo(value));
    }

    @Test
    void neighbouringNumbersAndAddressesDoNotCrowd() {
        AddressTable<Integer> table = new AddressTable<>();
        List<Long> addresses = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            addresses.add(Endpoint.mapped(0x0a000000 + i));
        }
        for (long address : addresses) {
            for (int vni = 0; vni < 1_000; vni++) {
                table.put(0, address, vni, vni);
            }
        }
        assertThat(table.longestProbe()).isLessThan(64);
    }
}
