#version 450
// Colour by Lambert's law from up to three directional lights and the ambient one; position [mm] and segmentation.
// One pass, no environment map, no shadows and of textures only the base colour: about a third of the cost of a
// physically based shader where a processor draws.

layout (constant_id = 0) const int NUM_DIRECTIONAL_LIGHTS = 0;

layout(set = 0, binding = 0) uniform CameraBuffer {
  mat4 viewMatrix;
  mat4 projectionMatrix;
  mat4 viewMatrixInverse;
  mat4 projectionMatrixInverse;
  float width;
  float height;
} cameraBuffer;

layout(set = 1, binding = 0) uniform ObjectTransformBuffer {
  mat4 modelMatrix;
} objectTransformBuffer;

layout(set = 1, binding = 1) uniform ObjectDataBuffer {
  uvec4 segmentation;
  float transparency;
  int shadeFlat;
} objectDataBuffer;

layout(set = 2, binding = 0) uniform MaterialBuffer {
  vec4 emission;
  vec4 baseColor;
  float fresnel;
  float roughness;
  float metallic;
  float transmission;
  float ior;
  float transmissionRoughness;
  int textureMask;
  int padding1;
  vec4 textureTransforms[6];
} materialBuffer;

layout(set = 2, binding = 1) uniform sampler2D colorTexture;
layout(set = 2, binding = 2) uniform sampler2D roughnessTexture;
layout(set = 2, binding = 3) uniform sampler2D normalTexture;
layout(set = 2, binding = 4) uniform sampler2D metallicTexture;
layout(set = 2, binding = 5) uniform sampler2D emissionTexture;

struct PointLight {
  vec4 position;
  vec4 emission;
};

struct DirectionalLight {
  vec4 direction;
  vec4 emission;
};

struct SpotLight {
  vec4 position;
  vec4 direction;
  vec4 emission;
};

layout(set = 3, binding = 0) uniform SceneBuffer {
  vec4 ambientLight;
  PointLight pointLights[10];
  DirectionalLight directionalLights[3];
  SpotLight spotLights[10];
  SpotLight texturedLights[1];
} sceneBuffer;

layout(location = 0) in vec3 inPosition;
layout(location = 1) in vec3 inNormal;
layout(location = 2) in vec2 inUV;

layout(location = 0) out vec4 outColor;
layout(location = 1) out ivec4 outPositionSegmentation;

const float INVERSE_PI = 0.3183098861837907;

void main() {
  vec3 normal = normalize(inNormal);
  vec3 light = sceneBuffer.ambientLight.rgb;
  for (int i = 0; i < NUM_DIRECTIONAL_LIGHTS; ++i) {
    float facing = max(-dot(normal, sceneBuffer.directionalLights[i].direction.xyz), 0.0);
    light += sceneBuffer.directionalLights[i].emission.rgb * (facing * INVERSE_PI);
  }
  vec3 base = materialBuffer.baseColor.rgb;
  if ((materialBuffer.textureMask & 1) != 0) {
    base = texture(colorTexture, inUV * materialBuffer.textureTransforms[0].zw + materialBuffer.textureTransforms[0].xy).rgb;
  }
  vec3 colour = materialBuffer.emission.rgb + base * light;
  // The square root stands for the display's gamma of 1/2.2.
  outColor = vec4(min(sqrt(colour), vec3(1.0)), 1.0);
  outPositionSegmentation = ivec4(ivec3(inPosition * 1000.0), objectDataBuffer.segmentation[1]);
}
