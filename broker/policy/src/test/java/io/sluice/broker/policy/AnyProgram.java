package io.sluice.broker.policy;

import com.google.protobuf.ByteString;
import java.util.Map;

/** A program, where it does not matter which. */
final class AnyProgram {
    static final Program PROGRAM = new Program(ByteString.copyFrom(new byte[16]), Map.of());

    private AnyProgram() {}
}
