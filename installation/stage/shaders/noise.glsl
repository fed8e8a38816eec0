// Counter-based random numbers: the same pixel, turn and stream give the same number on every card.
// PCG in three dimensions (Jarzynski & Olano 2020, "Hash Functions for GPU Rendering", JCGT 9(3)).
uvec3 scrambled(uvec3 v) {
    v = v * 1664525u + 1013904223u;
    v.x += v.y * v.z;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v ^= v >> 16u;
    v.x += v.y * v.z;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    return v;
}

// Three uniform numbers, above 0 and below 1: 23 bits and a half step, which a float holds exactly.
vec3 uniforms(uvec2 pixel, uint turn, uint stream) {
    uvec3 words = scrambled(uvec3(pixel.x | stream << 16u, pixel.y, turn));
    return (vec3(words >> 9u) + 0.5) / 8388608.0;
}

const float TAU = 6.28318530718;

// Two normal numbers (Box & Muller 1958).
vec2 normals(uvec2 pixel, uint turn, uint stream) {
    vec3 u = uniforms(pixel, turn, stream);
    return sqrt(-2.0 * log(u.x)) * vec2(cos(TAU * u.y), sin(TAU * u.y));
}

// Normal numbers that change without a jump: at every instant standard normal, between two turns one rotates into the
// next, so that the variance stays. share goes from 0 to 1 within a turn.
vec2 seething(uvec2 pixel, uint turn, float share, uint stream) {
    float angle = share * TAU / 4.0;
    return cos(angle) * normals(pixel, turn, stream) + sin(angle) * normals(pixel, turn + 1u, stream);
}
