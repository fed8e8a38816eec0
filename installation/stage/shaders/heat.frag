#version 330 core
#include "srgb.glsl"
// The heat equation along one axis: a Gaussian with mirrored edges (insulated walls), as burns/heat.py to about a
// hundredth. A wide one takes every stride-th sample from the mip level in which those samples are averages.
uniform sampler2D codes;
uniform ivec2 axis;  // (1, 0) and then (0, 1)
uniform int taps;    // to either side
uniform float stride;  // pixels between two samples
uniform float width;   // of the Gaussian, pixels
uniform float mip;
uniform float level;   // 0: more heat is to come, leave the codes as they are
out vec4 burnt;

vec2 mirrored(vec2 place) {
    return 1.0 - abs(1.0 - mod(place, 2.0));
}

void main() {
    vec2 side = vec2(textureSize(codes, 0));
    vec3 sum = vec3(0.0);
    float whole = 0.0;
    for (int tap = -taps; tap <= taps; tap++) {
        float away = float(tap) * stride;
        float weight = exp(-0.5 * away * away / (width * width));
        sum += weight * textureLod(codes, mirrored((gl_FragCoord.xy + away * vec2(axis)) / side), mip).rgb;
        whole += weight;
    }
    sum /= whole;
    burnt = vec4(level > 0.0 ? decoded(sum * 0.5 + 0.5) * level : sum, 1.0);
}
