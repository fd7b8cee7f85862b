package io.sluice.worker;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What may know of what. Read from the compiled classes, so nothing hides behind an import with a star. */
class ArchitectureTest {
    /** From the bottom to the top: each may use those below. */
    private static final List<String> LAYERS =
            List.of("sys", "memory", "codec", "port", "graph", "engine", "conductor", "control", "main");

    /** What runs for packets. */
    private static final String[] HOT = {
        "io.sluice.worker.sys..",
        "io.sluice.worker.memory..",
        "io.sluice.worker.codec..",
        "io.sluice.worker.port..",
        "io.sluice.worker.graph..",
        "io.sluice.worker.engine.."
    };

    private static JavaClasses worker;

    @BeforeAll
    static void readTheClasses() throws URISyntaxException {
        worker = new ClassFileImporter()
                .importPath(Path.of(WorkerMain.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI()));
        assertThat(worker.contain("io.sluice.worker.port.xdp.XskQueue")).isTrue();
    }

    @Test
    void theDataPathKnowsNoMessagesNoRpcAndNoLogging() {
        dataPathRule().check(worker);
    }

    @Test
    void theSameRuleSpeaksUpElsewhere() {
        ArchRule cold = noClasses()
                .that()
                .resideInAnyPackage("io.sluice.worker.conductor..", "io.sluice.worker.control..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(FORBIDDEN);
        assertThatThrownBy(() -> cold.check(worker))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("org.slf4j.Logger")
                .hasMessageContaining("io.sluice.grant.v1.Lease")
                .hasMessageContaining("io.grpc.Status");
    }

    @Test
    void theWorkerKnowsNothingOfTheBrokerButItsProtocol() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.sluice.broker..")
                .check(worker);
    }

    @Test
    void everyLayerUsesOnlyThoseBelow() {
        layers(LAYERS).check(worker);
    }

    @Test
    void theLayersAreInThisOrderAndNoOther() {
        List<String> swapped = new ArrayList<>(LAYERS);
        swapped.set(3, "graph");
        swapped.set(4, "port");
        assertThatThrownBy(() -> layers(swapped).check(worker))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("CrossConnect");
    }

    private static final String[] FORBIDDEN = {
        "io.grpc..",
        "io.netty..",
        "com.google..",
        "org.slf4j..",
        "java.util.logging..",
        "io.sluice.grant.v1..",
        "io.sluice.grant.channel..",
        "io.sluice.grant.client..",
        "io.sluice.control..",
        "io.sluice.worker.v1.."
    };

    private static ArchRule dataPathRule() {
        return noClasses()
                .that()
                .resideInAnyPackage(HOT)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(FORBIDDEN);
    }

    private static LayeredArchitecture layers(List<String> order) {
        LayeredArchitecture rule = layeredArchitecture().consideringOnlyDependenciesInLayers();
        for (String layer : order) {
            String packages = layer.equals("main") ? "io.sluice.worker" : "io.sluice.worker." + layer + "..";
            rule = rule.layer(layer).definedBy(packages);
        }
        for (int i = 0; i < order.size(); i++) {
            var at = rule.whereLayer(order.get(i));
            rule = i == 0
                    ? at.mayNotAccessAnyLayer()
                    : at.mayOnlyAccessLayers(order.subList(0, i).toArray(String[]::new));
        }
        return rule;
    }
}
